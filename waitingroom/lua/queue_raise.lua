--[[ queue_raise: allow numbers below a mark that Postgres already holds. Replay-safe, never lowers.
  A raise from before a hand-back may arrive after it; its mark no longer stands in Postgres, which its version tells.
  KEYS[1] wr:{E}:m  hash  the room
  ARGV[1] run id, ARGV[2] epoch, ARGV[3] the durable high-water mark, ARGV[4] its version
  Replies {"fenced"} | {"raised", hwm} | {"outdated", hwm}                                                            ]]
local m = redis.call('HMGET', KEYS[1], 'run', 'epoch', 'hwm', 'hwm_version')
if m[1] ~= ARGV[1] or m[2] ~= ARGV[2] then return { 'fenced' } end
local version = tonumber(ARGV[4])
if version < tonumber(m[4] or 0) then return { 'outdated', tonumber(m[3]) } end
local hwm = math.max(tonumber(m[3]), tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'hwm', hwm, 'hwm_version', version)
return { 'raised', hwm }
