--[[ presence_mark: note who is there and who has left. Replay-safe.
  KEYS[1]    wr:{E}:m         hash    the room
  KEYS[2..4] wr:{E}:live:0-2  string  bitmaps by queue number (by index before the draw); a new place is in them too
  KEYS[5..6] wr:{E}:seen:0-1  string  bitmaps alike, by period in turn, of who showed a ticket; each goes when its turn comes again
  ARGV[1] run id, ARGV[2] numbers there, ARGV[3] numbers gone: packed u32 little-endian, at most 4,096 together
  ARGV[4] the period of `seen` in ms, 0: this room keeps none
  Replies {"fenced"} | {"marked"}                                                                                     ]]
local m = redis.call('HMGET', KEYS[1], 'run', 'slot', 'tail')
if m[1] ~= ARGV[1] then return { 'fenced' } end
local current, tail = KEYS[2 + tonumber(m[2])], tonumber(m[3])
local unpack_ = struct.unpack
local period_ms, seen, turn = tonumber(ARGV[4]), nil, 0
if period_ms > 0 then
  local time = redis.call('TIME')
  turn = math.floor((time[1] * 1000 + math.floor(time[2] / 1000)) / period_ms)
  seen = KEYS[5 + turn % 2]
end
for at = 1, #ARGV[2], 4 do
  local number = unpack_('<I4', ARGV[2], at)
  if number < tail then
    redis.call('SETBIT', current, number, 1)
    if seen then redis.call('SETBIT', seen, number, 1) end
  end
end
if seen and #ARGV[2] > 0 then redis.call('PEXPIREAT', seen, (turn + 2) * period_ms) end
local gone = 0
for at = 1, #ARGV[3], 4 do
  local number = unpack_('<I4', ARGV[3], at)
  if number < tail then
    local was = 0
    for i = 2, 4 do was = was + redis.call('SETBIT', KEYS[i], number, 0) end
    if was > 0 then gone = gone + 1 end
    for i = 5, 6 do
      if seen and redis.call('GETBIT', KEYS[i], number) == 1 then redis.call('SETBIT', KEYS[i], number, 0) end
    end
  end
end
if gone > 0 then redis.call('HINCRBY', KEYS[1], 'left', gone) end
return { 'marked' }
