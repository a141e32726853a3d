--[[ hold_expire: one bounded step of expiry, at most 30 holds and 300 seconds of due times. Replay-safe.
  KEYS[1] inv:{E}:epoch  string  the fence
  ARGV[1] epoch the caller knows
  Replies {"fenced"} | {"ok", more 0/1, lease...}; the leases of holds that ended unbought since the last call ]]
-- include: inventory
if fenced then return { 'fenced' } end
local more = expire()
finish()
local ended = call('LRANGE', ENDED, 0, 99)
if #ended > 0 then call('LTRIM', ENDED, #ended, -1) end
return { 'ok', more and 1 or 0, unpack(ended) }
