--[[ units_free: an order ended in Postgres without its units: they go back to their lots. Replay-safe for a day per op.
  KEYS[1] inv:{E}:epoch  string  the fence
  ARGV[1] epoch the caller knows
  ARGV[2] op id (the order or refund that freed them)
  ARGV[3] units and their ticket type numbers, u24 + u8 each
  ARGV[4] number of the promo code whose use comes back, 0 for none
  ARGV[5] whom the units counted for, '' if they still do (they were bought)
  Replies {"fenced"} | {"replayed"} | {"freed", units turned} ]]
-- include: inventory
if fenced then return { 'fenced' } end
if not call('SET', 'freed:' .. tag .. ':' .. ARGV[2], '1', 'NX', 'EX', 86400) then return { 'replayed' } end
local turned = 0
for i = 1, #ARGV[3], 4 do
  local a, b, c, kind = byte(ARGV[3], i, i + 3)
  local unit = a * 65536 + b * 256 + c
  local back = turn(unit, 1, ORDERED, nil) + turn(unit, 1, SOLD, nil)
  count_type(kind, -back)
  turned = turned + back
end
-- Where no unit turned, a rebuild has read all this from the ledger already, or the hold still counts it.
if ARGV[4] ~= '0' and turned > 0 then call('HINCRBY', TYPES, 'promo' .. ARGV[4], -1) end
count_for(ARGV[5], -turned)
call('DEL', CURSORS)
finish()
return { 'freed', turned }
