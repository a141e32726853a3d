--[[ room_forget: delete keys of a room that ended long ago, up to 1100 a call. Replay-safe: what is gone is gone.
  KEYS[1]   wr:{E}:m  hash    the room
  KEYS[2..]           any     other keys of the room
  ARGV[1] run id, ARGV[2] "last": nothing but the room itself is left, which then goes by itself | ""
  Replies {"fenced"} | {"in_use"} | {"forgotten", how many keys there were}                                              ]]
-- include: room
local m = call('HMGET', KEYS[1], 'run', 'forget_at')
if m[1] ~= ARGV[1] then return { 'fenced' } end
if not is_past(m[2]) then return { 'in_use' } end
local gone = call('UNLINK', unpack(KEYS, 2))
if ARGV[2] == 'last' then call('EXPIRE', KEYS[1], PAST_KEPT_S) end
return { 'forgotten', gone }
