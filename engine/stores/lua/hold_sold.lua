--[[ hold_sold: an order was paid: its units are sold, whether or not anybody told the map of the order. Replay-safe.
  KEYS[1] inv:{E}:epoch  string  the fence
  ARGV[1] epoch the caller knows
  ARGV[2] ref 8 bytes of the hold that the order was made of
  ARGV[3] units, u24 each
  ARGV[4] whom the order's units count for, as the ledger says
  Replies {"fenced"} | {"sold", units turned, units astray}; astray: not this order's, though the ledger says so ]]
-- include: inventory
-- include: bought
if fenced then return { 'fenced' } end
local turned, astray = buy(ARGV[2], ARGV[3], SOLD, ARGV[4])
return { 'sold', turned, astray }
