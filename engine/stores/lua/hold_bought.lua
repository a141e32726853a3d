--[[ hold_bought: units of up to 64 holds are an order's (durable in Postgres), or paid for; the map follows. Replay-safe.
  KEYS[1] inv:{E}:epoch  string  the fence
  ARGV[1] epoch the caller knows
  ARGV[2..] one item each, big-endian:
    to           u8   2: an order's, 3: sold, whether or not anybody told the map of the order
    ref          8 bytes of the hold that the order was made of (may be unknown after Redis was lost)
    counted for  u8 length + bytes: sold: who gets back what may be had unpaid, as the ledger says; without a block if
                 the units cost nothing
    op           u8 length + bytes: the order; if it let go of its units before, nothing is done to make them its own
    units        u24 each, to the end
  Replies {"fenced"} | {"ok", astray...}; one number an item, the units that are astray: not this order's, though the
    ledger says so: the map was lost and read anew before this order was written ]]
-- include: inventory
if fenced then return { 'fenced' } end

local function units_of(packed)
  local units = {}
  for i = 1, #packed, 3 do
    local a, b, c = byte(packed, i, i + 2)
    units[#units + 1] = a * 65536 + b * 256 + c
  end
  return units
end

-- Those of the units that are the hold's, as a set: all or none. The hold is over: nothing it does touches them again.
-- A key that is repeated after Redis was lost makes another hold of the same name: it is not the order's.
local function own_of(ref, units)
  local own, hold = {}, read_hold(ref)
  if not hold or hold.state == DEAD or units_in(hold) ~= #units then return own end
  for _, run in ipairs(runs_of(hold)) do
    for u = run[2], run[2] + run[3] - 1 do own[u] = true end
  end
  for _, unit in ipairs(units) do
    if not own[unit] then return {} end
  end
  if hold.state ~= BOUGHT then
    hold.state = BOUGHT
    write_hold(ref, hold)
  end
  return own
end

-- `length` neighbours: read and written in one piece, told in one piece for each state they were in.
local function buy_run(unit, length, to, own)
  local map = call('GETRANGE', MAP, unit, unit + length - 1)
  local out, turned, astray = {}, 0, length - #map
  local from, since = nil, 1
  for i = 1, #map + 1 do
    local b = byte(map, i)
    local turns = (b == HELD and own[unit + i - 1]) or (b == ORDERED and to == SOLD)
    if from and not (turns and b == from) then
      note(unit + since - 1, i - since, from, to)
      turned, from = turned + i - since, nil
    end
    if turns and not from then from, since = b, i end
    if b and not turns and b ~= SOLD and b ~= to then astray = astray + 1 end
    out[i] = b and char(turns and to or b) or ''
  end
  if turned > 0 then call('SETRANGE', MAP, unit, table.concat(out)) end
  return turned, astray
end

local function buy(to, ref, counted_for, units)
  local own = own_of(ref, units)
  local turned, astray, i = 0, 0, 1
  while i <= #units do
    local last = i
    while units[last + 1] == units[last] + 1 do last = last + 1 end
    local more, strayed = buy_run(units[i], last - i + 1, to, own)
    turned, astray, i = turned + more, astray + strayed, last + 1
  end
  if to == SOLD then
    local buyer, block = counted_of(counted_for)
    count(BLOCKS, block, -turned)
    if #buyer == PERSON_BYTES then count(BUYERS, buyer, -turned) end
  end
  return astray
end

local answers = { 'ok' }
for i = 2, #ARGV do
  local to, ref, counted_for, op, at = unpack_('>Bc8Bc0Bc0', ARGV[i])
  if to == ORDERED and call('EXISTS', 'freed:' .. tag .. ':' .. op) == 1 then
    answers[i] = 0
  else
    answers[i] = buy(to, ref, counted_for, units_of(sub(ARGV[i], at)))
  end
end
finish()
return answers
