--[[ hold_place: set units aside for up to 64 buyers at once; each item alone is all or nothing. Replay-safe: a hold is
     known by a reference made from its idempotency key, a second call answers what the first did.
  KEYS[1] inv:{E}:epoch  string  the fence; all other keys of the event are named after its hash tag
  ARGV[1] epoch the caller knows
  ARGV[2..] one item each (big-endian):
    ref 8s, body hash 4s, life ms u24, total cents u32, promo u8, promo uses left at most u24 (0: no promo limit), lease u8 + bytes,
    eligible free bytes u8 + bytes, caps u8 x (type u8, units at most u24), picks u8 x pick
    pick exact:   0, runs u8 x (type u8, unit u24, length u8), allocation u8
    pick general: 1, first unit u24, size u24, parts u8 x (type u8, count u8)
    pick tape:    2, tape name u8 + bytes, policy u8 (0 off, 1 strict, 2 lenient), parts u8 x (type u8, count u8)
    allocation byte: step (3 bits), adjacent (1 bit), orphans (4 bits)
  Replies {"fenced"} | {"ok", answer...}; an answer is one letter and facts:
    H record (held) | R record (replayed) | K (key reused with another body) | S free u24 (sold out) | T unit u24... (taken)
    P (needs a plan: no single block left) | X tape name (tape not loaded) | U (promo used up)                        ]]
-- include: inventory
if fenced then return { 'fenced' } end

expire()

local map = call('GET', MAP)
local over = {}
local tapes, cursors, general_from = {}, {}, {}

local function at(unit)
  return over[unit] or byte(map, unit + 1) or 0
end

-- Runs of an exact pick, or the units in the way.
local function pick_exact(item, pos, eligible, runs)
  local count, taken, allocation = nil, {}, nil
  count, pos = unpack_('>B', item, pos)
  for _ = 1, count do
    local kind, unit, length
    kind, unit, length, pos = unpack_('>BI3B', item, pos)
    for u = unit, unit + length - 1 do
      if not eligible[at(u)] then taken[#taken + 1] = pack('>I3', u) end
      over[u] = HELD
    end
    runs[#runs + 1] = { kind, unit, length }
  end
  allocation, pos = unpack_('>B', item, pos)
  if #taken > 0 then return 'T' .. table.concat(taken), pos end
  return nil, pos, allocation
end

-- The lowest free numbers of a section.
local function pick_general(item, pos, eligible, lots, runs)
  local first, size, parts, kind, count
  first, size, parts, pos = unpack_('>I3I3B', item, pos)
  local wanted, kinds = 0, {}
  for _ = 1, parts do
    kind, count, pos = unpack_('>BB', item, pos)
    for _ = 1, count do kinds[#kinds + 1] = kind end
    wanted = wanted + count
  end
  local unit, stop, got = general_from[first] or first, first + size, 0
  local plain = #lots == 1 and lots
  local last = nil
  while got < wanted and unit < stop do
    if plain then unit = (string.find(map, plain, unit + 1, true) or stop + 1) - 1 end
    if unit >= stop then break end
    if eligible[at(unit)] then
      got = got + 1
      over[unit] = HELD
      if last and last[1] == kinds[got] and last[2] + last[3] == unit and last[3] < 255 then
        last[3] = last[3] + 1
      else
        last = { kinds[got], unit, 1 }
        runs[#runs + 1] = last
      end
    end
    unit = unit + 1
  end
  if got < wanted then return 'S' .. pack('>I3', got), pos end
  if plain == char(FREE) then general_from[first] = unit end
  return nil, pos, 1 * 32 + 16
end

-- The best block on a tape of starts: 24 bits of unit, then how many seats stand left and right of the run (0, 1, 2+).
local function pick_tape(item, pos, eligible, counts, runs)
  local name, policy, parts, kind, count
  name, pos = unpack_('>Bc0', item, pos)
  policy, parts, pos = unpack_('>BB', item, pos)
  local n, sizes = 0, {}
  for i = 1, parts do
    kind, count, pos = unpack_('>BB', item, pos)
    sizes[i] = { kind, count }
    n = n + count
  end
  local tape = tapes[name]
  if tape == nil then
    tape = call('GET', 'inv:' .. tag .. ':tape:' .. name) or false
    tapes[name] = tape
    cursors[name] = tonumber(call('HGET', CURSORS, name) or 1)
  end
  if not tape then return 'X' .. name, pos end
  -- A buyer with more lots open may take what the open house's cursor has passed.
  local cursor, dead, found, found_orphans = eligible.plain and cursors[name] or 1, true, nil, 0
  for entry = cursor, #tape - 3, 4 do
    local a, b, c, sides = byte(tape, entry, entry + 3)
    local start = a * 65536 + b * 256 + c
    local live = true
    for u = start, start + n - 1 do
      if not eligible[over[u] or byte(map, u + 1)] then
        live = false
        break
      end
    end
    if live then
      dead = false
      if policy == 0 then
        found = start
        break
      end
      local left, right = sides % 4, math.floor(sides / 4) % 4
      local orphans = 0
      if left > 0 and counts[at(start - 1)] and (left == 1 or not counts[at(start - 2)]) then orphans = 1 end
      local stop = start + n
      if right > 0 and counts[at(stop)] and (right == 1 or not counts[at(stop + 1)]) then orphans = orphans + 1 end
      if orphans == 0 or policy == 2 then
        found, found_orphans = start, orphans
        break
      elseif not found then
        found, found_orphans = start, orphans
      end
    elseif dead then
      cursor = entry + 4
    end
  end
  if eligible.plain then cursors[name] = cursor end
  if not found then return 'P', pos end
  local unit = found
  for i = 1, parts do
    runs[#runs + 1] = { sizes[i][1], unit, sizes[i][2] }
    for u = unit, unit + sizes[i][2] - 1 do over[u] = HELD end
    unit = unit + sizes[i][2]
  end
  return nil, pos, (found_orphans > 0 and 2 or 1) * 32 + 16 + found_orphans
end

local free_before = nil

local function nothing_free()
  free_before = free_before or tonumber(call('HGET', PULSE, 'free') or 0)
  return free_before + tally.free <= 0
end

local appended = {}

local function place(item)
  local ref, hash, life, total, promo, promo_max, lease, lots, pos = unpack_('>c8c4I3I4BI3Bc0Bc0', item)
  local known = read_hold(ref)
  if known then return (known.hash == hash and 'R' or 'K') .. known.raw end
  if promo > 0 and promo_max > 0 and tonumber(call('HGET', TYPES, 'promo' .. promo) or 0) >= promo_max then return 'U' end

  -- Accessible seats (odd bytes) go to exact picks alone; for the orphan rule they count as free.
  local any, eligible, counts, even = {}, {}, { [FREE] = true, [FREE + 1] = true }, {}
  for i = 1, #lots do
    local b = byte(lots, i)
    any[b], counts[b - b % 2], counts[b - b % 2 + 1] = true, true, true
    if b % 2 == 0 then
      eligible[b] = true
      even[#even + 1] = char(b)
    end
  end
  lots = table.concat(even)
  eligible.plain = lots == char(FREE)

  local capped, picks
  capped, pos = unpack_('>B', item, pos)
  local caps = {}
  for _ = 1, capped do
    local kind, most
    kind, most, pos = unpack_('>BI3', item, pos)
    caps[kind] = most
  end

  picks, pos = unpack_('>B', item, pos)
  local runs, step, adjacent, orphans, refusal = {}, 1, 1, 0, nil
  for _ = 1, picks do
    local mode, allocation
    mode, pos = unpack_('>B', item, pos)
    if mode == 0 then refusal, pos, allocation = pick_exact(item, pos, any, runs)
    elseif mode == 1 then refusal, pos, allocation = pick_general(item, pos, eligible, lots, runs)
    else refusal, pos, allocation = pick_tape(item, pos, eligible, counts, runs) end
    if refusal then break end
    step = math.max(step, math.floor(allocation / 32))
    if math.floor(allocation / 16) % 2 == 0 then adjacent = 0 end
    orphans = orphans + allocation % 16
  end
  if not refusal and capped > 0 then
    local adding = {}
    for _, run in ipairs(runs) do adding[run[1]] = (adding[run[1]] or 0) + run[3] end
    for kind, most in pairs(caps) do
      local sold = tonumber(call('HGET', TYPES, kind) or 0) + (sold_of_type[kind] or 0)
      if sold + (adding[kind] or 0) > most then refusal = 'S' .. pack('>I3', math.max(0, most - sold)) end
    end
  end
  if refusal then
    -- Nothing of this item was written yet: forget its marks. (`over` of earlier items is in `final`.)
    for unit in pairs(over) do over[unit] = nil end
    for unit, b in pairs(appended) do if type(unit) == 'number' then over[unit] = b end end
    general_from = {}
    if picks > 1 then for name in pairs(cursors) do cursors[name] = 1 end end
    if refusal == 'P' and nothing_free() then return 'S' .. pack('>I3', 0) end
    return refusal
  end

  local text = {}
  for i, run in ipairs(runs) do
    local unit, length = run[2], run[3]
    call('SETRANGE', MAP, unit, rep(char(HELD), length))
    note(unit, length, FREE, HELD)
    count_type(run[1], length)
    text[i] = pack('>BI3B', run[1], unit, length)
    for u = unit, unit + length - 1 do appended[u] = HELD end
  end
  if promo > 0 then call('HINCRBY', TYPES, 'promo' .. promo, 1) end
  local hold = { state = ALIVE, placed = now_ms, life = life,
    head = hash .. pack('>I4BBBc0', total, step * 32 + adjacent * 16 + math.min(orphans, 15), promo, #lease, lease) .. table.concat(text) }
  write_hold(ref, hold)
  local second = 's' .. math.floor((now_ms + life) / 1000)
  appended[second] = (appended[second] or '') .. ref
  return 'H' .. hold.raw
end

local answers = { 'ok' }
for i = 2, #ARGV do answers[i] = place(ARGV[i]) end

for second, refs in pairs(appended) do
  if type(second) == 'string' then call('APPEND', EXPIRY .. sub(second, 2), refs) end
end
for name, cursor in pairs(cursors) do
  if cursor > 1 then call('HSET', CURSORS, name, cursor) end
end
finish()
return answers
