--[[ room_rules: put the organizer's schedule and the operator's controls in force. Replay-safe: older versions change nothing.
  KEYS[1] wr:{E}:m  hash  the room
  ARGV[1] run id, ARGV[2] version of the on-sale, ARGV[3] version of the controls, ARGV[4..] field, value
  Replies {"fenced"} | {"known"} | {"set"}                                                                            ]]
-- include: room
local m = call('HMGET', KEYS[1], 'run', 'on_sale_version', 'controls_version')
if m[1] ~= ARGV[1] then return { 'fenced' } end
local on_sale, controls = tonumber(ARGV[2]), tonumber(ARGV[3])
local had_on_sale, had_controls = tonumber(m[2]), tonumber(m[3])
if on_sale < had_on_sale or controls < had_controls then return { 'known' } end
call('HSET', KEYS[1], 'on_sale_version', on_sale, 'controls_version', controls, unpack(ARGV, 4))
if not is_past(call('HGET', KEYS[1], 'forget_at')) then call('PERSIST', KEYS[1]) end
return { 'set' }
