-- How the units of a hold are picked from the map: exactly these, the lowest free numbers, or the best block of a tape.
-- Stands after inventory, and after whatever else the script does to the map. Brings, as locals:
--   find concat floor max_of            what is called most, by short names
--   map over at(unit)                   the map, and what this call has taken of it before it is written
--   tapes cursors general_from PLAIN VISITS_MAX visits lots_known asks   what this call has read and found out so far
--   pick_exact pick_general pick_tape   each (pick, may, runs): appends to runs; returns nil, allocation or a refusal
--   rights(lots) parts_of pick_of(text, pos)   read once a call for all who ask for the same
--   ask_of(text)                        {picks, may = rights, caps = {type -> units at most}, spans} of an item's tail;
--                                       a span is {kinds, low, high}, hold_place.lua says of what
--   pick_all(ask)                       runs, allocation of all; or runs, nil, refusal
--   unmark(runs, ask) look_again()      nothing of an item was written; the map is read again
--   keep_cursors()                      at the end: where the next call's search begins
--
-- A pick, big-endian; parts are u8 count, each: type u8, count u8
--   exact    0, runs u8 count, each: type u8, unit u24, length u8; allocation u8
--   general  1, first unit u24, size u24, parts
--   tape     2, name u8 length + bytes, policy u8 (0 off, 1 strict, 2 lenient), parts
local find, concat, floor, max_of = string.find, table.concat, math.floor, math.max
local map = call('GET', MAP)
local over = {}                                   -- units this call has taken, before they are written
local tapes, cursors, general_from = {}, {}, {}
local PLAIN = char(FREE)
local VISITS_MAX, visits = 4000, 0                -- tape entries looked at in one call: half a millisecond; beyond, plan

local function at(unit)
  return over[unit] or byte(map, unit + 1) or 0
end

-- What a buyer with these lots may have. Accessible seats (odd bytes) go to exact picks alone; for the orphan rule they
-- count as free, as do those of every lot open to the buyer.
local lots_known = {}
local function rights(lots)
  local known = lots_known[lots]
  if known then return known end
  known = { any = {}, even = {}, counts = { [FREE] = true, [FREE + 1] = true }, plain = false }
  local even = 0
  for i = 1, #lots do
    local b = byte(lots, i)
    known.any[b], known.counts[b - b % 2], known.counts[b - b % 2 + 1] = true, true, true
    if b % 2 == 0 then
      known.even[b] = true
      even = even + 1
    end
  end
  known.plain = even == 1 and known.even[FREE] == true
  lots_known[lots] = known
  return known
end

-- Runs of an exact pick, or the units in the way. Only what it may have is marked, so that it can be unmarked again.
local function pick_exact(pick, may, runs)
  local taken, marked = {}, {}
  for _, run in ipairs(pick.runs) do
    for u = run[2], run[2] + run[3] - 1 do
      if may.any[at(u)] then
        over[u] = HELD
        marked[#marked + 1] = u
      else
        taken[#taken + 1] = pack('>I3', u)
      end
    end
  end
  if #taken > 0 then
    for _, u in ipairs(marked) do over[u] = nil end
    return 'T' .. concat(taken)
  end
  for _, run in ipairs(pick.runs) do runs[#runs + 1] = run end
  return nil, pick.allocation
end

-- The lowest free numbers of a section.
local function pick_general(pick, may, runs)
  local first = pick.first
  local unit, stop, eligible, plain, got = first, first + pick.size, may.even, may.plain, 0
  if plain then unit = general_from[first] or first end
  for i = 1, #pick.parts do
    local kind, count, last = pick.parts[i][1], pick.parts[i][2], nil
    while count > 0 do
      if plain then unit = (find(map, PLAIN, unit + 1, true) or stop + 1) - 1 end
      if unit >= stop then return 'S' .. pack('>I3', got) end
      if eligible[at(unit)] then
        over[unit] = HELD
        count, got = count - 1, got + 1
        if last and last[2] + last[3] == unit and last[3] < 255 then
          last[3] = last[3] + 1
        else
          last = { kind, unit, 1 }
          runs[#runs + 1] = last
        end
      end
      unit = unit + 1
    end
  end
  if plain then general_from[first] = unit end
  return nil, 1 * 32 + 16
end

-- The best block on a tape of starts: 24 bits of unit, then flags: how many seats stand left and right of the run (two
-- bits each: 0, 1, 2+), and 16 where it is as far away as the start before it.
local function pick_tape(pick, may, runs)
  local name, policy, parts, n = pick.name, pick.policy, pick.parts, pick.count
  local tape = tapes[name]
  if tape == nil then
    tape = call('GET', 'inv:' .. tag .. ':tape:' .. name) or false
    tapes[name] = tape
    cursors[name] = tonumber(call('HGET', CURSORS, name) or 1)
  end
  if not tape then return 'X' .. name end
  -- A buyer with more lots open may take what the open house's cursor has passed.
  local eligible, counts = may.even, may.counts
  local cursor, dead, found, found_orphans = may.plain and cursors[name] or 1, true, nil, 0
  for entry = cursor, #tape - 3, 4 do
    visits = visits + 1
    if visits > VISITS_MAX then
      if may.plain then cursors[name] = cursor end
      return 'P'
    end
    local a, b, c, sides = byte(tape, entry, entry + 3)
    local start = a * 65536 + b * 256 + c
    local u, stop = start, start + n
    while u < stop and eligible[over[u] or byte(map, u + 1)] do u = u + 1 end
    if found and policy == 2 and sides < 16 then break end
    if u == stop then
      dead = false
      if policy == 0 then
        found = start
        break
      end
      local left, right, orphans = sides % 4, floor(sides / 4) % 4, 0
      if left > 0 and counts[at(start - 1)] and (left == 1 or not counts[at(start - 2)]) then orphans = 1 end
      if right > 0 and counts[at(stop)] and (right == 1 or not counts[at(stop + 1)]) then orphans = orphans + 1 end
      if orphans == 0 then
        found, found_orphans = start, 0
        break
      elseif not found then
        found, found_orphans = start, orphans
      end
    elseif dead then
      cursor = entry + 4
    end
  end
  if may.plain then cursors[name] = cursor end
  if not found then return 'P' end
  local unit = found
  for i = 1, #parts do
    local count = parts[i][2]
    runs[#runs + 1] = { parts[i][1], unit, count }
    for u = unit, unit + count - 1 do over[u] = HELD end
    unit = unit + count
  end
  return nil, (found_orphans > 0 and 2 or 1) * 32 + 16 + found_orphans
end

local function parts_of(text, pos)
  local parts, count, total = {}, nil, 0
  count, pos = unpack_('>B', text, pos)
  for i = 1, count do
    local kind, units
    kind, units, pos = unpack_('>BB', text, pos)
    parts[i] = { kind, units }
    total = total + units
  end
  return parts, total, pos
end

local function pick_of(text, pos)
  local mode, pick, count = nil, {}, nil
  mode, pos = unpack_('>B', text, pos)
  if mode == 0 then
    pick.by, pick.runs = pick_exact, {}
    count, pos = unpack_('>B', text, pos)
    for i = 1, count do
      local kind, unit, length
      kind, unit, length, pos = unpack_('>BI3B', text, pos)
      pick.runs[i] = { kind, unit, length }
    end
    pick.allocation, pos = unpack_('>B', text, pos)
  elseif mode == 1 then
    pick.by = pick_general
    pick.first, pick.size, pos = unpack_('>I3I3', text, pos)
    pick.parts, pick.count, pos = parts_of(text, pos)
  else
    pick.by = pick_tape
    pick.name, pick.policy, pos = unpack_('>Bc0B', text, pos)
    pick.parts, pick.count, pos = parts_of(text, pos)
  end
  return pick, pos
end

-- What follows the lease in an item: the same bytes for everybody who wants the same, so they are read once a call.
local asks = {}
local function ask_of(text)
  local ask = asks[text]
  if ask then return ask end
  local lots, capped, picks, pos
  lots, capped, pos = unpack_('>Bc0B', text)
  ask = { may = rights(lots) }
  if capped > 0 then ask.caps = {} end
  for _ = 1, capped do
    local kind, most
    kind, most, pos = unpack_('>BI3', text, pos)
    ask.caps[kind] = most
  end
  picks, pos = unpack_('>B', text, pos)
  for i = 1, picks do ask[i], pos = pick_of(text, pos) end
  if pos <= #text then
    local spans
    ask.spans = {}
    spans, pos = unpack_('>B', text, pos)
    for i = 1, spans do
      local kinds, span = nil, {}
      kinds, span.low, span.high, pos = unpack_('>Bc0I3I3', text, pos)
      span.kinds = { byte(kinds, 1, -1) }
      ask.spans[i] = span
    end
  end
  asks[text] = ask
  return ask
end

-- The worst step of all picks, adjacent where each is, their orphans together. The first pick that fails ends it.
local function pick_all(ask)
  local runs = {}
  if #ask == 1 and ask[1].by ~= pick_exact then     -- nearly always: one block, whose allocation is the hold's
    local refusal, allocation = ask[1].by(ask[1], ask.may, runs)
    return runs, allocation, refusal
  end
  local step, adjacent, orphans = 1, 16, 0
  for i = 1, #ask do
    local refusal, allocation = ask[i].by(ask[i], ask.may, runs)
    if refusal then return runs, nil, refusal end
    if allocation >= 64 then step = max_of(step, floor(allocation / 32)) end
    if floor(allocation / 16) % 2 == 0 then adjacent = 0 end
    orphans = orphans + allocation % 16
  end
  return runs, step * 32 + adjacent + (orphans < 15 and orphans or 15)
end

-- Forget an item's marks (those of earlier items stay) and what was learnt from them.
local function unmark(runs, ask)
  for _, run in ipairs(runs) do
    for u = run[2], run[2] + run[3] - 1 do over[u] = nil end
  end
  general_from = {}
  if #ask > 1 then for name in pairs(cursors) do cursors[name] = 1 end end
end

local function look_again()
  map, over, general_from = call('GET', MAP), {}, {}
end

local function keep_cursors()
  for name, cursor in pairs(cursors) do
    if cursor > 1 then call('HSET', CURSORS, name, cursor) end
  end
end
