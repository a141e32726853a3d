--[[ inventory_load: write an event's map as Postgres and the seating chart say, keep live holds, lift the fence.
     Called with the fence down or to rebuild; the caller holds the rebuild lock. Replay-safe.
  KEYS[1] inv:{E}:epoch  string  the fence
  ARGV[1] epoch the caller saw ('' where there was none)
  ARGV[2] the new epoch
  ARGV[3] base: one free byte a unit
  ARGV[4] owned: one byte a unit, 2 ordered, 3 sold, 4 blocked, 0 not owned
  ARGV[5] ticket type numbers and the units they have ordered or sold: (u8, u24) each
  ARGV[6] "rebuild" (the ledger decides) | "relot" (only the lots changed: whatever is taken stays taken)
  Replies {"raced"} | {"loaded", units kept for live holds} ]]
-- include: inventory
if (call('GET', KEYS[1]) or '') ~= ARGV[1] then return { 'raced' } end
if ARGV[6] == 'relot' then
  local map, fresh = call('GET', MAP), {}
  for i = 1, #ARGV[3] do
    local b = byte(map, i)
    fresh[i] = char(b < FREE and b or byte(ARGV[3], i))
  end
  call('SET', BASE, ARGV[3])
  call('SET', MAP, table.concat(fresh))
  call('DEL', CURSORS)
  local version = call('HINCRBY', PULSE, 'version', 1000000)
  call('PUBLISH', 'inv:' .. tag, pack('>I6', version))
  return { 'loaded', 0 }
end
local base, owned = ARGV[3], ARGV[4]
local old = call('GET', MAP) or ''
local kept, out, counts = 0, {}, { 0, 0, 0, 0 }
for i = 1, #base do
  local b = byte(owned, i)
  if b == 0 then
    if i <= #old and byte(old, i) == HELD then
      b = HELD
      kept = kept + 1
    else
      b = byte(base, i)
    end
  end
  if b < FREE then counts[b] = counts[b] + 1 end
  out[i] = char(b)
end
local kinds = {}
for i = 1, #ARGV[5], 4 do
  local kind, a, b, c = byte(ARGV[5], i, i + 3)
  kinds[kind] = a * 65536 + b * 256 + c
end
-- Held units still count against their types: what the old counters had above the ledger is theirs.
if kept > 0 then
  for bucket = 0, 1023 do
    local records = call('HGETALL', HOLDS .. bucket)
    for i = 1, #records, 2 do
      local hold = read_hold(records[i])
      if hold and (hold.state == ALIVE or hold.state == ORDERING) then
        for _, run in ipairs(runs_of(hold)) do
          for u = run[2], run[2] + run[3] - 1 do
            if byte(owned, u + 1) == 0 and byte(out[u + 1]) == HELD then kinds[run[1]] = (kinds[run[1]] or 0) + 1 end
          end
        end
      end
    end
  end
end
call('SET', MAP, table.concat(out))
call('SET', BASE, base)
local version = tonumber(call('HGET', PULSE, 'version') or 0) + 1000000
local swept = call('HGET', PULSE, 'swept') or math.floor(now_ms / 1000) - 1
call('DEL', PULSE, CURSORS)
local stale = call('HKEYS', TYPES)
for _, name in ipairs(stale) do if tonumber(name) then call('HDEL', TYPES, name) end end
for kind, count in pairs(kinds) do call('HSET', TYPES, kind, count) end
call('HSET', PULSE, 'version', version, 'swept', swept, 'held', counts[HELD], 'ordered', counts[ORDERED], 'sold', counts[SOLD],
  'free', #base - counts[1] - counts[2] - counts[3] - counts[4], 'units', #base)
call('SET', KEYS[1], ARGV[2])
call('PUBLISH', 'inv:' .. tag, pack('>I6', version))
return { 'loaded', kept }
