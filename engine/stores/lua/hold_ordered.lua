--[[ hold_ordered: the order and its units are durable in Postgres; the map follows. Replay-safe.
  KEYS[1] inv:{E}:epoch  string  the fence
  ARGV[1] epoch the caller knows
  ARGV[2] ref 8 bytes (may be unknown after Redis was lost)
  ARGV[3] units, u24 each
  Replies {"fenced"} | {"ordered", units turned, units astray}; astray: free, or held by another, though the ledger says
    they have an owner: the map was lost and read anew before this order was written ]]
-- include: inventory
if fenced then return { 'fenced' } end
local units, own = {}, {}
for i = 1, #ARGV[3], 3 do
  local a, b, c = byte(ARGV[3], i, i + 2)
  units[#units + 1] = a * 65536 + b * 256 + c
end
-- A key that is repeated after Redis was lost makes another hold of the same name: it is not the order's.
local hold = read_hold(ARGV[2])
if hold and hold.state ~= DEAD and units_in(hold) == #units then
  for _, run in ipairs(runs_of(hold)) do
    for u = run[2], run[2] + run[3] - 1 do own[u] = true end
  end
  for _, unit in ipairs(units) do
    if not own[unit] then own = {} end
  end
  if hold.state ~= BOUGHT and own[units[1]] then
    count_buyer(hold.lease, -#units)
    hold.state = BOUGHT
    write_hold(ARGV[2], hold)
  end
end
local turned, astray = 0, 0
for _, unit in ipairs(units) do
  if own[unit] then turned = turned + turn(unit, 1, HELD, ORDERED) end
  local now = call('GETRANGE', MAP, unit, unit)
  if now ~= char(ORDERED) and now ~= char(SOLD) then astray = astray + 1 end
end
finish()
return { 'ordered', turned, astray }
