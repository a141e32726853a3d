--[[ queue_raise: allow numbers below a mark that Postgres already holds. Replay-safe, never lowers.
  KEYS[1] wr:{E}:m  hash  the room
  ARGV[1] run id, ARGV[2] epoch, ARGV[3] the durable high-water mark
  Replies {"fenced"} | {"raised", hwm}                                                                                ]]
local m = redis.call('HMGET', KEYS[1], 'run', 'epoch', 'hwm')
if m[1] ~= ARGV[1] or m[2] ~= ARGV[2] then return { 'fenced' } end
local hwm = math.max(tonumber(m[3]), tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'hwm', hwm)
return { 'raised', hwm }
