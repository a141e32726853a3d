-- Units of an order leave their hold: the hold is over, and nothing it does later touches them again.
-- Stands after inventory. Brings, as a local:
--   buy(ref, packed, to, counted_for)  units turned, units astray; `packed` are units of u24 each, `to` is ORDERED or
--     SOLD, `counted_for` (of the ledger) gets back what it may have unpaid; without a block if they cost nothing
local function buy(ref, packed, to, counted_for)
  local units, own = {}, {}
  for i = 1, #packed, 3 do
    local a, b, c = byte(packed, i, i + 2)
    units[#units + 1] = a * 65536 + b * 256 + c
  end
  -- A key that is repeated after Redis was lost makes another hold of the same name: it is not the order's.
  local hold = read_hold(ref)
  if hold and hold.state ~= DEAD and units_in(hold) == #units then
    for _, run in ipairs(runs_of(hold)) do
      for u = run[2], run[2] + run[3] - 1 do own[u] = true end
    end
    for _, unit in ipairs(units) do
      if not own[unit] then own = {} end
    end
    if hold.state ~= BOUGHT and own[units[1]] then
      hold.state = BOUGHT
      write_hold(ref, hold)
    end
  end
  local turned, astray = 0, 0
  for _, unit in ipairs(units) do
    if own[unit] then turned = turned + turn(unit, 1, HELD, to) end
    if to == SOLD then turned = turned + turn(unit, 1, ORDERED, to) end
    local now = byte(call('GETRANGE', MAP, unit, unit))
    if now ~= SOLD and now ~= to then astray = astray + 1 end
  end
  if to == SOLD then
    local buyer, block = counted_of(counted_for)
    count(BLOCKS, block, -turned)
    if #buyer == PERSON_BYTES then count(BUYERS, buyer, -turned) end
  end
  finish()
  return turned, astray
end
