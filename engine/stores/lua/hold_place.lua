--[[ hold_place: set units aside for up to 64 buyers at once; each item alone is all or nothing. Replay-safe: a hold is
     known by a reference made from its idempotency key, a second call answers what the first did.
  KEYS[1] inv:{E}:epoch  string  the fence; all other keys of the event are named after its hash tag
  ARGV[1] epoch the caller knows
  ARGV[2] units one address block may have unpaid, 0: no limit
  ARGV[3..] one item each, big-endian:
    ref          8 bytes
    body hash    4 bytes
    life         u24  ms
    total        u32  cents
    promo        u8   number of the promo code, 0 for none
    promo uses   u24  as many as the code has in all, 0: no limit
    counted for  u8 length + bytes: a buyer, then an address block, as lib/inventory.lua says
    buyer units  u16  units one buyer may have, 0: no limit
    lots         u8 length + bytes, the free bytes that the buyer may have
    caps         u8 count, each: type u8, units at most u24
    picks        u8 count, each as lib/picks.lua says
    spans        none, or u8 count, each: u8 count + ticket type numbers u8 each, low u24, high u24: as many units as
                 these numbers have together before, for the price steps of the item to be the right ones
  Replies {"fenced"} | {"ok", answer...}; an answer is one letter and facts:
    H record (held) | R record (replayed) | K record (key reused with another body)
    S free u24 (sold out) | T unit u24... (taken) | P (needs a plan: no single block left) | X tape name (not loaded)
    U (promo used up) | L (the admission's lease is over) | B units u16 (the buyer has as many as one may)
    N units u16 (the address block has as many unpaid as one may) | M type u8 units u24 (a span is left: the first of its
    numbers, and what they have) | E (not understood) ]]
-- include: inventory
if fenced then return { 'fenced' } end

expire(EXPIRED_BESIDE)

-- include: leases
-- include: picks
local HELD_CHAR = char(HELD)
local U16_MAX = 65535
local block_max = tonumber(ARGV[2])
local block_has, block_adds = {}, {}              -- of a crowd behind one address the count is read and written once
local taken_now, told, due, caps_seen = 0, {}, {}, {}
local pending_from, pending_length = 0, 0         -- neighbouring units are written in one piece
local free_before = nil

local function nothing_free()
  free_before = free_before or tonumber(call('HGET', PULSE, 'free') or 0)
  return free_before + tally.free - taken_now <= 0
end

local function sold_of(kind)
  caps_seen[kind] = caps_seen[kind] or tonumber(call('HGET', TYPES, kind) or 0)
  return caps_seen[kind] + (sold_of_type[kind] or 0)
end

local function packed(runs)
  if #runs == 1 then return pack('>BI3B', runs[1][1], runs[1][2], runs[1][3]) end
  local parts = {}
  for i, run in ipairs(runs) do parts[i] = pack('>BI3B', run[1], run[2], run[3]) end
  return concat(parts)
end

local function flush()
  if pending_length > 0 then call('SETRANGE', MAP, pending_from, rep(HELD_CHAR, pending_length)) end
  pending_length = 0
end

local function capped(caps, runs)
  local adding, refusal = {}, nil
  for _, run in ipairs(runs) do adding[run[1]] = (adding[run[1]] or 0) + run[3] end
  for kind, most in pairs(caps) do
    local sold = sold_of(kind)
    if sold + (adding[kind] or 0) > most then refusal = 'S' .. pack('>I3', max_of(0, most - sold)) end
  end
  return refusal
end

-- The first span that the count of its numbers is not in.
local function moved(spans)
  for _, span in ipairs(spans) do
    local has = 0
    for _, kind in ipairs(span.kinds) do has = has + sold_of(kind) end
    if has < span.low or has > span.high then return 'M' .. pack('>BI3', span.kinds[1], max_of(0, has)) end
  end
end

local function used_up(promo, most)
  return tonumber(call('HGET', TYPES, 'promo' .. promo) or 0) >= most and 'U' or nil
end

local function too_many(letter, has)
  return letter .. pack('>I2', math.min(has, U16_MAX))
end

-- The block has as many unpaid as it may with these.
local function block_full(block, asked)
  block_has[block] = block_has[block] or tonumber(call('HGET', BLOCKS, block) or 0)
  local has = block_has[block] + (block_adds[block] or 0)
  return has + asked > block_max and too_many('N', has) or nil
end

-- Counted before it is known whether they fit: of all who ask nearly nobody asks for more than one may.
local function buyer_full(buyer, asked, most)
  local has = call('HINCRBY', BUYERS, buyer, asked)
  if has <= most then return nil end
  count(BUYERS, buyer, -asked)
  return too_many('B', has - asked)
end

-- The item was refused, or its reference is known: what a first call with it answered goes before any refusal.
local function not_placed(ref, hash, refusal)
  local known = read_hold(ref)
  if known then return (known.hash == hash and 'R' or 'K') .. known.raw end
  if refusal == 'P' and nothing_free() then return 'S' .. pack('>I3', 0) end
  return refusal
end

-- The hold is written: its units are written when the next ones are no neighbours of theirs, and all is told once.
local function take(ref, life, runs, text)
  for i = 1, #runs do
    local kind, unit, length = runs[i][1], runs[i][2], runs[i][3]
    if pending_length > 0 and pending_from + pending_length == unit then
      pending_length = pending_length + length
    else
      flush()
      pending_from, pending_length = unit, length
    end
    told[#told + 1] = sub(text, i * 5 - 3, i * 5)                  -- the run, without its type
    taken_now = taken_now + length
    sold_of_type[kind] = (sold_of_type[kind] or 0) + length
  end
  local second = floor((now_ms + life) / 1000)
  local refs = due[second]
  if not refs then
    refs = {}
    due[second] = refs
  end
  refs[#refs + 1] = ref
end

local function place(item)
  local ref, hash, life, total, promo, promo_max, counted_for, buyer_max, pos = unpack_('>c8c4I3I4BI3Bc0I2', item)
  local ask = ask_of(sub(item, pos))
  local buyer, block = counted_of(counted_for)
  local counted, asked = counted_for ~= '', 0
  local runs, allocation, refusal = pick_all(ask)
  if not refusal and ask.caps then refusal = capped(ask.caps, runs) end
  if not refusal and ask.spans then refusal = moved(ask.spans) end
  if not refusal and promo > 0 and promo_max > 0 then refusal = used_up(promo, promo_max) end
  if not refusal and any_over and lease_is_over(buyer) then refusal = 'L' end
  if not refusal and counted then
    for i = 1, #runs do asked = asked + runs[i][3] end
    if block ~= '' and block_max > 0 then refusal = block_full(block, asked) end
    if not refusal and buyer ~= '' then refusal = buyer_full(buyer, asked, buyer_max > 0 and buyer_max or math.huge) end
  end

  local text, raw, fresh
  if not refusal then
    text = packed(runs)
    local lived = counted and life + COUNTED or life
    raw = pack('>BI6I3c4I4BBB', ALIVE, now_ms, lived, hash, total, allocation, promo, #counted_for) .. counted_for .. text
    fresh = call('HSETNX', bucket_of(ref), ref, raw) == 1
  end
  if not fresh then
    if raw then count(BUYERS, buyer, -asked) end
    unmark(runs, ask)
    return not_placed(ref, hash, refusal)
  end
  take(ref, life, runs, text)
  if promo > 0 then call('HINCRBY', TYPES, 'promo' .. promo, 1) end
  if block ~= '' then block_adds[block] = (block_adds[block] or 0) + asked end
  return 'H' .. raw
end

local answers = { 'ok' }
for i = 3, #ARGV do
  local understood, answer = pcall(place, ARGV[i])
  if not understood then
    if type(answer) == 'table' then error(answer) end             -- Redis's own refusal (OOM, say): nothing was written
    flush()
    look_again()
    answer = 'E'
  end
  answers[i - 1] = answer
end

flush()
for block, adds in pairs(block_adds) do call('HINCRBY', BLOCKS, block, adds) end
for second, refs in pairs(due) do call('APPEND', EXPIRY .. second, concat(refs)) end
keep_cursors()
if #told > 0 then
  deltas[#deltas + 1] = concat(told, HELD_CHAR) .. HELD_CHAR
  tally.free, tally.held = tally.free - taken_now, tally.held + taken_now
end
finish()
return answers
