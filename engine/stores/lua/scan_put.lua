--[[ scan_put: set units' bits as the ledger has them: after a claim that was not written, or a ticket that changed.
  KEYS[1] scan:{E}:in     string  one bit a unit
  KEYS[2..] scan:{E}:mark:<unit>  string
  ARGV[1] the caller's mark; empty: whoever claimed it
  ARGV[2..] for each KEYS[2..]: unit, bit
  Replies {"put", how many} ]]
local put = 0
for i = 2, #KEYS do
  local at = (i - 1) * 2
  if ARGV[1] == '' or redis.call('GET', KEYS[i]) == ARGV[1] then
    redis.call('SETBIT', KEYS[1], ARGV[at], ARGV[at + 1])
    redis.call('DEL', KEYS[i])
    put = put + 1
  end
end
return { 'put', put }
