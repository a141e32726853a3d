-- What every inventory script begins with: names, the fence, time, and how units change hands.
-- Brings, as locals:
--   HELD ORDERED SOLD FREE               bytes of a unit: 1, 2, 3 (4 is blocked); from 64 on free, the low bits say in
--                                        which lot
--   ALIVE ORDERING BOUGHT DEAD           states of a hold
--   COUNTED KEPT_DEAD_MS EXPIRED_PER_STEP EXPIRED_BESIDE SECONDS_PER_STEP
--   byte sub rep char pack unpack_ call  what is called most, by short names
--   tag MAP BASE PULSE TYPES CURSORS ENDED BUYERS BLOCKS HOLDS EXPIRY   the event's keys (engine/stores/keys.py)
--   fenced time now_ms                   whether the caller's epoch is another; Redis's time
--   bucket_of parse_hold read_hold write_hold runs_of units_in due_at   records of holds
--   LEASE_BYTES PERSON_BYTES counted_of count count_for   whom units count for; written at once
--   deltas tally NAME note count_type sold_of_type turn   changes of units, told and counted by finish, once
--   finish forgotten bury end_hold ended_all expire       how holds end
--
-- A hold's record, big-endian (engine/stores/sale/hold_records.py, hotpath_rs/src/desk/record.rs):
--   state u8, placed at u48 ms, life u24 ms (23 bits; COUNTED says that its units were counted for somebody),
--   body hash 4 bytes, total u32 cents, allocation u8 (step 3 bits, adjacent 1 bit, orphans 4 bits), promo u8,
--   counted for u8 length + bytes, runs to the end: type u8, unit u24, length u8 each
-- Counted for: a buyer, if one is known (the 16 bytes of an admission's lease, or 8 of a signed-in person), then the 4
-- bytes of an address block, if it is limited. So 0, 4, 8, 12, 16 or 20 bytes, and no two of them mean the same.
local HELD, ORDERED, SOLD, FREE = 1, 2, 3, 64
local ALIVE, ORDERING, BOUGHT, DEAD = 1, 2, 3, 4
local KEPT_DEAD_MS = 86400000
local EXPIRED_PER_STEP, EXPIRED_BESIDE, SECONDS_PER_STEP = 30, 10, 300  -- beside: while a buyer waits for something else

local byte, sub, rep, char = string.byte, string.sub, string.rep, string.char
local pack, unpack_, call = struct.pack, struct.unpack, redis.call

local tag = string.match(KEYS[1], '^inv:(.+):epoch$')
local MAP, BASE = 'inv:' .. tag .. ':map', 'inv:' .. tag .. ':base'
local PULSE, TYPES = 'inv:' .. tag .. ':pulse', 'inv:' .. tag .. ':types'
local CURSORS, ENDED = 'inv:' .. tag .. ':cursors', 'inv:' .. tag .. ':ended'
local BUYERS, BLOCKS = 'inv:' .. tag .. ':buyers', 'inv:' .. tag .. ':blocks'
local HOLDS, EXPIRY = 'hold:' .. tag .. ':', 'exp:' .. tag .. ':'

local fenced = call('GET', KEYS[1]) ~= ARGV[1]

local time = call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)

local COUNTED = 8388608
local function bucket_of(ref)
  local a, b = byte(ref, 1, 2)
  return HOLDS .. ((a * 256 + b) % 1024)
end

local function parse_hold(raw)
  local state, placed, life, hash, total, allocation, promo, counted_for, at = unpack_('>BI6I3c4I4BBBc0', raw)
  local counted = life >= COUNTED
  if counted then life = life - COUNTED end
  return {
    raw = raw, state = state, placed = placed, life = life, counted = counted, hash = hash, total = total,
    allocation = allocation, promo = promo, counted_for = counted_for,
    head = sub(raw, 11),                            -- from the body hash on: state and life may change without it
    at = at,                                        -- where the runs begin
  }
end

local function read_hold(ref)
  local raw = call('HGET', bucket_of(ref), ref)
  return raw and parse_hold(raw) or nil
end

local function write_hold(ref, hold)
  hold.raw = pack('>BI6I3', hold.state, hold.placed, hold.life + (hold.counted and COUNTED or 0)) .. hold.head
  call('HSET', bucket_of(ref), ref, hold.raw)
end

local function runs_of(hold)
  local runs, at, raw = {}, hold.at, hold.raw
  while at <= #raw do
    local kind, unit, length
    kind, unit, length, at = unpack_('>BI3B', raw, at)
    runs[#runs + 1] = { kind, unit, length }
  end
  return runs
end

local function due_at(ref, moment_ms)
  call('APPEND', EXPIRY .. math.floor(moment_ms / 1000), ref)
end

local function units_in(hold)
  local units = 0
  for i = hold.at + 4, #hold.raw, 5 do units = units + byte(hold.raw, i) end
  return units
end

-- How many units somebody has: a buyer what is held, ordered or (by an admission) bought, an address block what is not
-- paid for. Given back when hold or order ends unpaid; a block and a person get back what is paid for, too, but for what
-- costs nothing: a block has that for good (engine/stores/money/payments.py says who gets back).
local LEASE_BYTES, PERSON_BYTES = 16, 8
local function counted_of(counted_for)
  local length = #counted_for
  if length % 8 == 4 then return sub(counted_for, 1, length - 4), sub(counted_for, length - 3) end
  return counted_for, ''
end

local function count(key, who, by)
  if who ~= '' and by ~= 0 and call('HINCRBY', key, who, by) <= 0 then call('HDEL', key, who) end
end

local function count_for(counted_for, by)
  local buyer, block = counted_of(counted_for)
  count(BUYERS, buyer, by)
  count(BLOCKS, block, by)
end

-- Changes of this call: counted once, told once.
local deltas, tally, sold_of_type = {}, { free = 0, held = 0, ordered = 0, sold = 0 }, {}
local NAME = { [HELD] = 'held', [ORDERED] = 'ordered', [SOLD] = 'sold' }

local function note(unit, length, from, to)
  deltas[#deltas + 1] = pack('>I3BB', unit, length, to)
  tally[NAME[from] or 'free'] = tally[NAME[from] or 'free'] - length
  tally[NAME[to] or 'free'] = tally[NAME[to] or 'free'] + length
end

local function count_type(kind, by)
  sold_of_type[kind] = (sold_of_type[kind] or 0) + by
end

-- Units of [unit, unit + length) that are in state `from` go to `to`, or back to their base where `to` is nil.
local function turn(unit, length, from, to)
  local map = call('GETRANGE', MAP, unit, unit + length - 1)
  local base = to == nil and call('GETRANGE', BASE, unit, unit + length - 1) or nil
  local out, changed = {}, 0
  for i = 1, length do
    local b = byte(map, i)
    if b == from then
      b = to or byte(base, i)
      note(unit + i - 1, 1, from, b)
      changed = changed + 1
    end
    out[i] = char(b)
  end
  if changed > 0 then call('SETRANGE', MAP, unit, table.concat(out)) end
  return changed
end

local function finish()
  if #deltas == 0 then return end
  for name, by in pairs(tally) do
    if by ~= 0 then call('HINCRBY', PULSE, name, by) end
  end
  for kind, by in pairs(sold_of_type) do
    if by ~= 0 then call('HINCRBY', TYPES, kind, by) end
  end
  local version = call('HINCRBY', PULSE, 'version', 1)
  call('PUBLISH', 'inv:' .. tag, pack('>I6', version) .. table.concat(deltas))
end

-- Remember that a hold ended, for as long as its key may be repeated. Its lease goes back to the room, unless its buyer
-- stays to choose again.
local forgotten = {}
local function bury(ref, hold, stays)
  hold.state = DEAD
  write_hold(ref, hold)
  local second = math.floor((math.max(now_ms, hold.placed + hold.life) + KEPT_DEAD_MS) / 1000)
  forgotten[second] = (forgotten[second] or '') .. ref
  local buyer = counted_of(hold.counted_for)
  if #buyer == LEASE_BYTES and not stays then call('RPUSH', ENDED, buyer) end
end

-- Give a hold's units back.
local function end_hold(ref, hold, stays)
  for _, run in ipairs(runs_of(hold)) do
    local back = turn(run[2], run[3], HELD, nil)
    count_type(run[1], -back)
  end
  if hold.promo > 0 then call('HINCRBY', TYPES, 'promo' .. hold.promo, -1) end
  if hold.counted then count_for(hold.counted_for, -units_in(hold)) end
  bury(ref, hold, stays)
end

-- After the last burial of a call.
local function ended_all()
  if next(forgotten) == nil then return end
  for second, refs in pairs(forgotten) do call('APPEND', EXPIRY .. second, refs) end
  forgotten = {}
  call('DEL', CURSORS)
end

-- Expire what is due, a bounded step at a time; true where more is waiting. Pulse says up to which second all is done
-- (swept) and how many bytes of the next second's references are (swept_at): a long list is never written anew.
local function expire(most)
  local now_s = math.floor(now_ms / 1000)
  local marks = call('HMGET', PULSE, 'swept', 'swept_at')
  local swept, at = tonumber(marks[1] or now_s - 1), tonumber(marks[2] or 0)
  if swept > now_s then swept, at = now_s - 1, 0 end            -- a clock that was ahead of this one
  local from, from_at, left = swept, at, most or EXPIRED_PER_STEP
  local last = math.min(now_s - 1, swept + SECONDS_PER_STEP)
  while swept < last and left > 0 do
    local key = EXPIRY .. swept + 1
    local refs = call('GETRANGE', key, at, at + left * 8 - 1)
    for i = 1, #refs, 8 do
      local ref = sub(refs, i, i + 7)
      local hold = read_hold(ref)
      if hold then
        local expires = hold.placed + hold.life
        if hold.state == DEAD or hold.state == BOUGHT then
          if expires + KEPT_DEAD_MS <= now_ms then call('HDEL', bucket_of(ref), ref)
          elseif hold.state == BOUGHT then
            local second = math.floor((expires + KEPT_DEAD_MS) / 1000)
            forgotten[second] = (forgotten[second] or '') .. ref
          end
        elseif expires <= now_ms then end_hold(ref, hold) end
      end
    end
    at = at + #refs
    if #refs < left * 8 then
      if at > 0 then call('DEL', key) end
      swept, at = swept + 1, 0
    end
    left = left - #refs / 8
  end
  if swept ~= from or at ~= from_at then call('HSET', PULSE, 'swept', swept, 'swept_at', at) end
  ended_all()
  return swept < now_s - 1
end
