--[[ hold_place: set units aside for up to 64 buyers at once; each item alone is all or nothing. Replay-safe: a hold is
     known by a reference made from its idempotency key, a second call answers what the first did.
  KEYS[1] inv:{E}:epoch  string  the fence; all other keys of the event are named after its hash tag
  ARGV[1] epoch the caller knows
  ARGV[2..] one item each (big-endian):
    ref 8s, body hash 4s, life ms u24, total cents u32, promo u8, promo uses left at most u24 (0: no promo limit), lease u8 + bytes, units one admission may hold u8 (0: no limit),
    eligible free bytes u8 + bytes, caps u8 x (type u8, units at most u24), picks u8 x pick
    pick exact:   0, runs u8 x (type u8, unit u24, length u8), allocation u8
    pick general: 1, first unit u24, size u24, parts u8 x (type u8, count u8)
    pick tape:    2, tape name u8 + bytes, policy u8 (0 off, 1 strict, 2 lenient), parts u8 x (type u8, count u8)
    allocation byte: step (3 bits), adjacent (1 bit), orphans (4 bits)
  Replies {"fenced"} | {"ok", answer...}; an answer is one letter and facts:
    H record (held) | R record (replayed) | K (key reused with another body) | S free u24 (sold out) | T unit u24... (taken)
    B units held u8 (the admission holds as many as it may) | L (the admission's lease is over)
    P (needs a plan: no single block left) | X tape name (tape not loaded) | U (promo used up) | E (not understood)   ]]
-- include: inventory
if fenced then return { 'fenced' } end

expire(EXPIRED_BESIDE)

local OVER = 'wr:' .. tag .. ':over'               -- leases that ended before their tokens do
local any_over = call('EXISTS', OVER) == 1
local find, concat, floor = string.find, table.concat, math.floor
local map = call('GET', MAP)
local over = {}                                   -- units this call has taken, before they are written
local tapes, cursors, general_from = {}, {}, {}
local PLAIN, HELD_CHAR = char(FREE), char(HELD)
local taken_now, told, due, caps_seen = 0, {}, {}, {}
local pending_from, pending_length = 0, 0         -- neighbouring units are written in one piece
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

local free_before = nil

local function nothing_free()
  free_before = free_before or tonumber(call('HGET', PULSE, 'free') or 0)
  return free_before + tally.free - taken_now <= 0
end

local function sold_of(kind)
  caps_seen[kind] = caps_seen[kind] or tonumber(call('HGET', TYPES, kind) or 0)
  return caps_seen[kind] + (sold_of_type[kind] or 0)
end

local function flush()
  if pending_length > 0 then call('SETRANGE', MAP, pending_from, rep(HELD_CHAR, pending_length)) end
  pending_length = 0
end

-- Nothing of this item was written: forget its marks (those of earlier items stay) and what was learnt from them.
local function forget(runs, picks)
  for _, run in ipairs(runs) do
    for u = run[2], run[2] + run[3] - 1 do over[u] = nil end
  end
  general_from = {}
  if picks > 1 then for name in pairs(cursors) do cursors[name] = 1 end end
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
  asks[text] = ask
  return ask
end

local function place(item)
  local ref, hash, life, total, promo, promo_max, lease, lease_max, pos = unpack_('>c8c4I3I4BI3Bc0B', item)
  local ask = ask_of(sub(item, pos))
  local picks, may, caps = #ask, ask.may, ask.caps
  local runs, step, adjacent, orphans, refusal = {}, 1, 16, 0, nil
  for i = 1, picks do
    local allocation
    refusal, allocation = ask[i].by(ask[i], may, runs)
    if refusal then break end
    if allocation >= 64 then step = math.max(step, floor(allocation / 32)) end
    if floor(allocation / 16) % 2 == 0 then adjacent = 0 end
    orphans = orphans + allocation % 16
  end
  if not refusal and caps then
    local adding = {}
    for _, run in ipairs(runs) do adding[run[1]] = (adding[run[1]] or 0) + run[3] end
    for kind, most in pairs(caps) do
      local sold = sold_of(kind)
      if sold + (adding[kind] or 0) > most then refusal = 'S' .. pack('>I3', math.max(0, most - sold)) end
    end
  end
  if not refusal and promo > 0 and promo_max > 0
    and tonumber(call('HGET', TYPES, 'promo' .. promo) or 0) >= promo_max then
    refusal = 'U'
  end
  local asked, counted = 0, lease_max > 0 and #lease == 16
  if not refusal and any_over and #lease == 16 and call('ZSCORE', OVER, lease) then refusal = 'L' end
  if not refusal and counted then
    for i = 1, #runs do asked = asked + runs[i][3] end
    local has = tonumber(call('HGET', BUYERS, lease) or 0)
    if has + asked > lease_max then refusal = 'B' .. char(math.min(has, 255)) end
  end

  local text
  if #runs == 1 then
    text = pack('>BI3B', runs[1][1], runs[1][2], runs[1][3])
  else
    local parts = {}
    for i, run in ipairs(runs) do parts[i] = pack('>BI3B', run[1], run[2], run[3]) end
    text = concat(parts)
  end
  local raw, fresh
  if not refusal then
    raw = pack('>BI6I3c4I4BBB', ALIVE, now_ms, counted and life + COUNTED or life, hash, total, step * 32 + adjacent + (orphans < 15 and orphans or 15),
      promo, #lease) .. lease .. text
    fresh = call('HSETNX', bucket_of(ref), ref, raw) == 1
  end
  if refusal or not fresh then
    forget(runs, picks)
    local known = read_hold(ref)
    if known then return (known.hash == hash and 'R' or 'K') .. known.raw end
    if refusal == 'P' and nothing_free() then return 'S' .. pack('>I3', 0) end
    return refusal
  end

  for i = 1, #runs do
    local kind, unit, length = runs[i][1], runs[i][2], runs[i][3]
    if pending_length > 0 and pending_from + pending_length == unit then
      pending_length = pending_length + length
    else
      flush()
      pending_from, pending_length = unit, length
    end
    told[#told + 1] = sub(text, i * 5 - 3, i * 5)
    taken_now = taken_now + length
    sold_of_type[kind] = (sold_of_type[kind] or 0) + length
  end
  if promo > 0 then call('HINCRBY', TYPES, 'promo' .. promo, 1) end
  if counted then count_buyer(lease, asked) end
  local second = floor((now_ms + life) / 1000)
  local refs = due[second]
  if not refs then
    refs = {}
    due[second] = refs
  end
  refs[#refs + 1] = ref
  return 'H' .. raw
end

local answers = { 'ok' }
for i = 2, #ARGV do
  local understood, answer = pcall(place, ARGV[i])
  if not understood then
    if type(answer) == 'table' then error(answer) end             -- Redis's own refusal (OOM, say): nothing was written
    flush()
    map, over, general_from, answer = call('GET', MAP), {}, {}, 'E'
  end
  answers[i] = answer
end

flush()
for second, refs in pairs(due) do call('APPEND', EXPIRY .. second, concat(refs)) end
for name, cursor in pairs(cursors) do
  if cursor > 1 then call('HSET', CURSORS, name, cursor) end
end
if #told > 0 then
  deltas[#deltas + 1] = concat(told, HELD_CHAR) .. HELD_CHAR
  tally.free, tally.held = tally.free - taken_now, tally.held + taken_now
end
finish()
return answers
