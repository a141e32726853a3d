--[[ hold_ordered: the order and its units are durable in Postgres; the map follows. Replay-safe.
  KEYS[1] inv:{E}:epoch  string  the fence
  ARGV[1] epoch the caller knows
  ARGV[2] ref 8 bytes (may be unknown after Redis was lost)
  ARGV[3] units, u24 each
  Replies {"fenced"} | {"ordered", units turned, units astray}; astray: free, or held by another, though the ledger says
    they have an owner: the map was lost and read anew before this order was written ]]
-- include: inventory
-- include: bought
if fenced then return { 'fenced' } end
local turned, astray = buy(ARGV[2], ARGV[3], ORDERED, '')
return { 'ordered', turned, astray }
