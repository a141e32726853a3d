--[[ scan_take: set a chunk's units as entered, after the ledger has them: its bitmap meets the event's.
  KEYS[1] scan:{E}:epoch  string  the fence: present once the map was loaded from the ledger
  KEYS[2] scan:{E}:in     string  one bit a unit: an entry now would be a duplicate
  KEYS[3] scan:{E}:tmp    string  scratch, gone when the script ends
  ARGV[1] the chunk's bitmap
  Replies {"missing"} | {"taken"} ]]
if redis.call('EXISTS', KEYS[1]) == 0 then return { 'missing' } end
redis.call('SET', KEYS[3], ARGV[1])
redis.call('BITOP', 'OR', KEYS[2], KEYS[2], KEYS[3])
redis.call('DEL', KEYS[3])
return { 'taken' }
