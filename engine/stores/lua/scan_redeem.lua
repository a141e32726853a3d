--[[ scan_redeem: claim units before the ledger writes their entry or exit. Each unit compares and sets by itself.
  KEYS[1] scan:{E}:epoch  string  the fence: present once the map was loaded from the ledger
  KEYS[2] scan:{E}:in     string  one bit a unit: an entry now would be a duplicate
  KEYS[3..] scan:{E}:mark:<unit>  string  who claimed it a moment ago; the ledger is being written
  ARGV[1] how long a mark lives, ms
  ARGV[2] the caller's mark
  ARGV[3..] for each KEYS[3..]: unit, bit expected (0|1), bit to set (0|1)
  Replies {"missing"} | {"claims", for each unit: 1 claimed, 0 the map says otherwise, -1 somebody is writing it} ]]
if redis.call('EXISTS', KEYS[1]) == 0 then return { 'missing' } end
local answer = { 'claims' }
for i = 3, #KEYS do
  local at = (i - 2) * 3
  local unit, expected, set = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2]
  if redis.call('EXISTS', KEYS[i]) == 1 then
    answer[i - 1] = -1
  elseif redis.call('GETBIT', KEYS[2], unit) ~= expected then
    answer[i - 1] = 0
  else
    redis.call('SETBIT', KEYS[2], unit, set)
    redis.call('SET', KEYS[i], ARGV[2], 'PX', ARGV[1])
    answer[i - 1] = 1
  end
end
return answer
