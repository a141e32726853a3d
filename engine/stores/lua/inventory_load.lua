--[[ inventory_load: write an event's map as Postgres and the seating chart say, keep live holds, lift the fence.
     Called with the fence down or to rebuild; the caller holds the rebuild lock. Replay-safe.
  KEYS[1] inv:{E}:epoch  string  the fence
  ARGV[1] epoch the caller saw ('' where there was none)
  ARGV[2] the new epoch
  ARGV[3] base: one free byte a unit
  ARGV[4] owned: one byte a unit, 2 ordered, 3 sold, 4 blocked, 0 not owned
  ARGV[5] ticket type numbers and the units they have ordered or sold: (u8, u24) each
  ARGV[6] promo numbers and their uses by orders: (u8, u24) each
  ARGV[7] "rebuild" (the ledger decides) | "relot" (only the lots changed: whatever is taken stays taken)
  ARGV[8] buyers and the units of orders that count for them: (u8 length + bytes, u24) each
  ARGV[9] address blocks and their units of open orders: the same
  Replies {"raced"} | {"loaded", units kept for live holds} ]]
-- include: inventory
if (call('GET', KEYS[1]) or '') ~= ARGV[1] then return { 'raced' } end
if ARGV[7] == 'relot' then
  local map, fresh = call('GET', MAP), {}
  for i = 1, #ARGV[3] do
    local b = byte(map, i)
    fresh[i] = char(b < FREE and b or byte(ARGV[3], i))
  end
  call('SET', BASE, ARGV[3])
  call('SET', MAP, table.concat(fresh))
  call('DEL', CURSORS)
  local version = call('HINCRBY', PULSE, 'version', 2)
  call('PUBLISH', 'inv:' .. tag, pack('>I6', version))
  return { 'loaded', 0 }
end
local base, owned = ARGV[3], ARGV[4]
local counts, uses = {}, {}
local function read_counts(packed, into)
  for i = 1, #packed, 4 do
    local number, a, b, c = byte(packed, i, i + 3)
    into[number] = a * 65536 + b * 256 + c
  end
end
read_counts(ARGV[5], counts)
read_counts(ARGV[6], uses)

-- Holds that are still known keep what nobody owns; they count against their types and codes on top of the ledger.
local now_s = math.floor(now_ms / 1000)
local marks = call('HMGET', PULSE, 'swept', 'swept_at', 'version')
local swept, swept_at = math.min(tonumber(marks[1] or now_s - 1), now_s - 1), marks[2] or 0
local held, kept = {}, 0
call('DEL', BUYERS, BLOCKS)
local function read_owners(packed, key)
  local pos = 1
  while pos <= #packed do
    local who, units
    who, units, pos = unpack_('>Bc0I3', packed, pos)
    call('HSET', key, who, units)
  end
end
read_owners(ARGV[8], BUYERS)
read_owners(ARGV[9], BLOCKS)
for bucket = 0, 1023 do
  local records = call('HGETALL', HOLDS .. bucket)
  for i = 1, #records, 2 do
    local ref, hold = records[i], parse_hold(records[i + 1])
    if hold.state == ALIVE or hold.state == ORDERING then
      local runs, gone, units = runs_of(hold), 0, units_in(hold)
      for _, run in ipairs(runs) do
        for u = run[2], run[2] + run[3] - 1 do
          if byte(owned, u + 1) ~= 0 or held[u] then gone = gone + 1 end
        end
      end
      if gone == 0 then
        for _, run in ipairs(runs) do
          for u = run[2], run[2] + run[3] - 1 do held[u] = true end
          counts[run[1]] = (counts[run[1]] or 0) + run[3]
        end
        kept = kept + units
        if hold.counted then count_for(hold.counted_for, units) end
        if hold.promo > 0 then uses[hold.promo] = (uses[hold.promo] or 0) + 1 end
        if hold.placed + hold.life < (swept + 1) * 1000 then due_at(ref, (swept + 1) * 1000) end
      elseif gone == units then                    -- it became an order, or the ledger gave its units to another
        hold.state = BOUGHT
        write_hold(ref, hold)
      else                                         -- it lost some of what was promised
        bury(ref, hold, true)
      end
    end
  end
end
ended_all()

local out, state = {}, { 0, 0, 0, 0 }
for i = 1, #base do
  local b = byte(owned, i)
  if b == 0 then b = held[i - 1] and HELD or byte(base, i) end
  if b < FREE then state[b] = state[b] + 1 end
  out[i] = char(b)
end
call('SET', MAP, table.concat(out))
call('SET', BASE, base)
-- Later than any version that a Redis which is gone may have told: 32 a millisecond is more than one server can do.
local version = math.max(tonumber(marks[3] or 0) + 2, now_ms * 32)
call('DEL', PULSE, TYPES, CURSORS)
for number, count in pairs(counts) do call('HSET', TYPES, number, count) end
for number, count in pairs(uses) do call('HSET', TYPES, 'promo' .. number, count) end
call('HSET', PULSE, 'version', version, 'swept', swept, 'swept_at', swept_at, 'held', state[HELD],
  'ordered', state[ORDERED], 'sold', state[SOLD],
  'free', #base - state[1] - state[2] - state[3] - state[4], 'units', #base)
call('SET', KEYS[1], ARGV[2])
call('PUBLISH', 'inv:' .. tag, pack('>I6', version))
return { 'loaded', kept }
