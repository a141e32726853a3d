--[[ hold_swap: change a live hold's units in one step; where the new ones are not all free the old ones stay.
  KEYS[1] inv:{E}:epoch  string  the fence
  ARGV[1] epoch the caller knows
  ARGV[2] ref 8 bytes
  ARGV[3] eligible free bytes
  ARGV[4] new runs, (type u8, unit u24, length u8) each
  ARGV[5] total in cents, allocation byte, units one buyer may have, units one address block may have unpaid (0 each:
    no limit), u32 + u8 + u16 + u32
  ARGV[6] caps of ticket types, (type u8, units at most u24) each
  ARGV[7] spans of price steps, as an item of hold_place has them without their count; '' if the hold does not grow
  Replies {"fenced"} | {"unknown"} | {"expired"} | {"ordered"} | {"taken", units u24 each} |
    {"capped", units left u24} | {"moved", type u8 units u24} | {"buyer", units held} | {"block", units held} | {"swapped", record, now ms} ]]
-- include: inventory
if fenced then return { 'fenced' } end
expire(EXPIRED_BESIDE)
local hold = read_hold(ARGV[2])
if not hold then finish() return { 'unknown' } end
if hold.state == DEAD or (hold.state == ALIVE and hold.placed + hold.life <= now_ms) then finish() return { 'expired' } end
if hold.state ~= ALIVE then finish() return { 'ordered' } end
local eligible, own, taken = {}, {}, {}
for i = 1, #ARGV[3] do eligible[byte(ARGV[3], i)] = true end
local old = runs_of(hold)
for _, run in ipairs(old) do
  for u = run[2], run[2] + run[3] - 1 do own[u] = true end
end
local map, fresh, pos = call('GET', MAP), {}, 1
while pos <= #ARGV[4] do
  local kind, unit, length
  kind, unit, length, pos = unpack_('>BI3B', ARGV[4], pos)
  for u = unit, unit + length - 1 do
    local b = byte(map, u + 1)
    if not (own[u] and b == HELD) and not eligible[b] then taken[#taken + 1] = pack('>I3', u) end
  end
  fresh[#fresh + 1] = { kind, unit, length }
end
if #taken > 0 then finish() return { 'taken', table.concat(taken) } end

-- A hold that grows stays within its types' caps, its buyer's and its address block's.
local more, grown = {}, 0
for _, run in ipairs(fresh) do more[run[1]], grown = (more[run[1]] or 0) + run[3], grown + run[3] end
for _, run in ipairs(old) do more[run[1]], grown = (more[run[1]] or 0) - run[3], grown - run[3] end
for i = 1, #ARGV[6], 4 do
  local kind, a, b, c = byte(ARGV[6], i, i + 3)
  local most, sold = a * 65536 + b * 256 + c, tonumber(call('HGET', TYPES, kind) or 0) + (sold_of_type[kind] or 0)
  if (more[kind] or 0) > 0 and sold + more[kind] > most then
    finish()
    return { 'capped', pack('>I3', math.max(0, most - sold)) }
  end
end
pos = 1
while pos <= #ARGV[7] do
  local kinds, low, high, has = nil, nil, nil, 0
  kinds, low, high, pos = unpack_('>Bc0I3I3', ARGV[7], pos)
  for i = 1, #kinds do has = has + tonumber(call('HGET', TYPES, byte(kinds, i)) or 0) + (sold_of_type[byte(kinds, i)] or 0) end
  if has < low or has > high then
    finish()
    return { 'moved', pack('>BI3', byte(kinds, 1), math.max(0, has)) }
  end
end
local total, allocation, buyer_max, block_max = unpack_('>I4BI2I4', ARGV[5])
local buyer, block = counted_of(hold.counted_for)
local adds = hold.counted and grown or units_in(hold) + grown       -- counting may be younger than the hold
if grown > 0 and buyer_max > 0 and buyer ~= '' then
  local has = tonumber(call('HGET', BUYERS, buyer) or 0)
  if has + adds > buyer_max then finish() return { 'buyer', tostring(has) } end
end
if grown > 0 and block_max > 0 and block ~= '' then
  local has = tonumber(call('HGET', BLOCKS, block) or 0)
  if has + adds > block_max then finish() return { 'block', tostring(has) } end
end
count_for(hold.counted_for, adds)
hold.counted = hold.counted_for ~= ''

for _, run in ipairs(old) do count_type(run[1], -turn(run[2], run[3], HELD, nil)) end
for _, run in ipairs(fresh) do
  call('SETRANGE', MAP, run[2], rep(char(HELD), run[3]))
  note(run[2], run[3], FREE, HELD)
  count_type(run[1], run[3])
end
hold.head = hold.hash .. pack('>I4BBBc0', total, allocation, hold.promo, #hold.counted_for, hold.counted_for) .. ARGV[4]
write_hold(ARGV[2], hold)
call('DEL', CURSORS)
finish()
return { 'swapped', hold.raw, tostring(now_ms) }
