--[[ scan_load: put the check-in map read from the ledger in place. The first loader wins; later ones read stale rows.
  KEYS[1] scan:{E}:epoch  string  the fence
  KEYS[2] scan:{E}:in     string  one bit a unit
  ARGV[1] the bitmap
  ARGV[2] how long both live, s
  Replies {"present"} | {"loaded"} ]]
if redis.call('EXISTS', KEYS[1]) == 1 then return { 'present' } end
redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[2])
redis.call('SET', KEYS[1], '1', 'EX', ARGV[2])
return { 'loaded' }
