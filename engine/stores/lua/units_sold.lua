--[[ units_sold: an order was paid: its units are sold. Replay-safe.
  KEYS[1] inv:{E}:epoch  string  the fence
  ARGV[1] epoch the caller knows
  ARGV[2] units, u24 each
  Replies {"fenced"} | {"sold", units turned, units astray}; astray: free, though the ledger says they are sold ]]
-- include: inventory
if fenced then return { 'fenced' } end
local turned, astray = 0, 0
for i = 1, #ARGV[2], 3 do
  local a, b, c = byte(ARGV[2], i, i + 2)
  local unit = a * 65536 + b * 256 + c
  turned = turned + turn(unit, 1, ORDERED, SOLD) + turn(unit, 1, HELD, SOLD)
  if call('GETRANGE', MAP, unit, unit) ~= char(SOLD) then astray = astray + 1 end
end
finish()
return { 'sold', turned, astray }
