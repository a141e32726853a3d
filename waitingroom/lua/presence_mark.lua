--[[ presence_mark: note who is there and who has left. Replay-safe.
  KEYS[1] wr:{E}:m  hash  the room; KEYS[2..4] wr:{E}:live:0-2 string bitmaps by queue number (by index before the draw)
  ARGV[1] run id, ARGV[2] numbers there, ARGV[3] numbers gone: packed u32 little-endian, at most 4,096 together
  Replies {"fenced"} | {"marked"}                                                                                     ]]
local m = redis.call('HMGET', KEYS[1], 'run', 'slot', 'tail')
if m[1] ~= ARGV[1] then return { 'fenced' } end
local current, tail = KEYS[2 + tonumber(m[2])], tonumber(m[3])
local unpack_ = struct.unpack
for at = 1, #ARGV[2], 4 do
  local number = unpack_('<I4', ARGV[2], at)
  if number < tail then redis.call('SETBIT', current, number, 1) end
end
local gone = 0
for at = 1, #ARGV[3], 4 do
  local number = unpack_('<I4', ARGV[3], at)
  if number < tail then
    local was = 0
    for i = 2, 4 do was = was + redis.call('SETBIT', KEYS[i], number, 0) end
    if was > 0 then gone = gone + 1 end
  end
end
if gone > 0 then redis.call('HINCRBY', KEYS[1], 'left', gone) end
return { 'marked' }
