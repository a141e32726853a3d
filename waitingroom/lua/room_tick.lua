--[[ room_tick: the controller's step. The leader moves the serving counter by what the budget allows; everybody else reads.
  A leader that was stopped comes back with an old fence and is refused; a standby takes over when leader_until has passed.
  KEYS[1]    wr:{E}:m          hash    the room
  KEYS[2..4] wr:{E}:live:0-2   string  bitmaps by queue number
  KEYS[5]    wr:{E}:claimed    string  bitmap by queue number
  KEYS[6]    wr:{E}:lease      zset    lease id -> epoch ms
  KEYS[7]    wr:{E}:wait       zset    queue numbers that came while the shop was full
  KEYS[8]    wr:{E}:wait_due   zset    the same -> epoch ms until which that counts
  KEYS[9]    wr:{E}:tick       list    "t from to released", newest first: offers whose claim window is open
  KEYS[10]   wr:{E}:tmp        string  live and not claimed, gone at the end of the step
  KEYS[11]   wr:{E}:tmp2       string  scratch, gone at the end of the step
  KEYS[12]   inv:{E}:pulse     hash    free, held, ordered, sold
  ARGV[1] run id, ARGV[2] my name, ARGV[3] my fence, ARGV[4] leader ttl ms, ARGV[5] health 0..1000, ARGV[6] overbook in
          thousandths, ARGV[7] live period ms, ARGV[8] pace memory ms
  Replies {"fenced"} | {"led" | "follows", now_ms, field, value, ...} the whole room                                  ]]
-- include: room
local key = KEYS[1]
local m = call('HMGET', key, 'run', 'phase', 'prequeue_at', 'opens_at', 'tail', 'leader', 'leader_until', 'fence', 'forget_at')
if m[1] ~= ARGV[1] then return { 'fenced' } end
local tail = tonumber(m[5])
local phase = advance(key, m[2], m[3], m[4], tail)

local function answer(word)
  local reply = call('HGETALL', key)
  table.insert(reply, 1, now_ms)
  table.insert(reply, 1, word)
  return reply
end

local mine = m[6] == ARGV[2] and m[8] == ARGV[3]
if not mine and tonumber(m[7]) > now_ms then return answer('follows') end
if not mine then call('HSET', key, 'leader', ARGV[2], 'fence', tonumber(m[8]) + 1) end
call('HSET', key, 'leader_until', now_ms + tonumber(ARGV[4]))
if phase ~= 'open' or is_past(m[9]) then return answer('led') end

local s = call('HMGET', key, 'serving', 'capacity', 'rate', 'claim_ttl', 'paused', 'tokens', 'tokens_at', 'slot', 'slot_at',
  'pace', 'closes_at', 'noshows', 'phantoms', 'phantoms_until',
  'claims', 'claims_seen', 'credit')
local serving, capacity, rate, claim_ttl = tonumber(s[1]), tonumber(s[2]), tonumber(s[3]), tonumber(s[4])
local tokens, tokens_at, slot, slot_at = tonumber(s[6]), tonumber(s[7]), tonumber(s[8]), tonumber(s[9])
local pace, noshows = tonumber(s[10]), tonumber(s[12])

-- Presence turns over near the front only, within four of the five minutes in which people are asked to report: measured
-- in the pace that they are told (queue.honest_pace), for a line with many absent moves much faster than the rate.
if now_ms - slot_at >= tonumber(ARGV[7]) then
  local told = pace > 0 and math.min(pace, 2 * rate) or rate
  local front = math.min(tail, serving + math.floor(4 * told))
  local whole = math.floor(front / 8)
  slot = (slot + 1) % 3
  local fresh = KEYS[2 + slot]
  call('BITOP', 'OR', fresh, KEYS[2], KEYS[3], KEYS[4])
  if whole > 0 and call('STRLEN', fresh) > 0 then call('SETRANGE', fresh, 0, string.rep('\0', whole)) end
  for number = whole * 8, front - 1 do call('SETBIT', fresh, number, 0) end
  slot_at = now_ms
end

local due = call('ZRANGE', KEYS[6], '-inf', now_ms, 'BYSCORE', 'LIMIT', 0, 64)
if #due > 0 then call('ZREM', KEYS[6], unpack(due)) end
local stale = call('ZRANGE', KEYS[8], '-inf', now_ms, 'BYSCORE', 'LIMIT', 0, 64)
if #stale > 0 then
  call('ZREM', KEYS[7], unpack(stale))
  call('ZREM', KEYS[8], unpack(stale))
end
local leases = call('ZCOUNT', KEYS[6], '(' .. now_ms, '+inf')
local turned_away = call('ZCARD', KEYS[7])

-- tmp = live and not claimed
call('BITOP', 'OR', KEYS[10], KEYS[2], KEYS[3], KEYS[4])
call('BITOP', 'AND', KEYS[11], KEYS[10], KEYS[5])
call('BITOP', 'XOR', KEYS[10], KEYS[10], KEYS[11])
local function here(from, to)
  return to > from and call('BITCOUNT', KEYS[10], from, to - 1, 'BIT') or 0
end

-- Offers that nobody came for return to the budget, the rate included, but no further than the burst.
local per_ms = rate * tonumber(ARGV[5]) / 1000 / 60000
local burst = math.max(1, per_ms * 1000)
if s[5] ~= '1' then tokens = tokens + (now_ms - tokens_at) * per_ms end
for _ = 1, 64 do
  local oldest = call('LINDEX', KEYS[9], -1)
  if not oldest then break end
  local t, from, to, released = string.match(oldest, '(%d+) (%d+) (%d+) (%d+)')
  if t + claim_ttl > now_ms then break end
  call('RPOP', KEYS[9])
  local came = tonumber(to) > tonumber(from) and call('BITCOUNT', KEYS[5], from, to - 1, 'BIT') or 0
  local absent = math.max(0, released - came)
  tokens, noshows = tokens + absent, noshows + absent
end
tokens = math.min(burst, tokens)

-- Calls are spent by who is called, admission is felt by who comes. Where more come than the rate gives (calls that came
-- back meet a line with fewer absent), fewer are called, in proportion, until the difference is made up.
local claims = tonumber(s[15] or 0)
local credit = tonumber(s[17] or 0) + (now_ms - tokens_at) * per_ms - (claims - tonumber(s[16] or claims))
credit = math.min(burst / 3, credit)
local share = math.max(0, math.min(1, 1 + 2 * credit / burst))

local oldest = call('LINDEX', KEYS[9], -1)
local offered_from = oldest and tonumber(string.match(oldest, '%d+ (%d+)')) or serving
local offers = here(offered_from, serving)
local waiting = here(serving, tail)

local p = call('HMGET', KEYS[12], 'free', 'held', 'ordered')
local free, held, ordered = tonumber(p[1] or -1), tonumber(p[2] or 0), tonumber(p[3] or 0)
local known = p[1] and true or false
local sold_out = known and free <= 0 and held <= 0 and ordered <= 0

-- Why admission is limited right now: the smallest term of the budget.
local budget, binding = math.floor(tokens * share), 'rate'
if per_ms * 1000 < rate / 60 then binding = 'health' end
local room_left = capacity - leases - offers - turned_away
if room_left < budget then budget, binding = room_left, 'capacity' end
if known then
  -- People in the shop who already hold something are in `held` and `ordered`; the others may each want one more. A
  -- phantom keeps a place in the shop, which is a promise, but it will not buy.
  local phantoms = tonumber(s[14] or 0) > now_ms and tonumber(s[13]) or 0
  local looking = math.max(0, leases - phantoms - math.ceil((held + ordered) / 2)) + offers + turned_away
  local stock_left = math.ceil(math.max(0, free) * tonumber(ARGV[6]) / 1000) - looking
  if stock_left < budget then budget, binding = stock_left, 'inventory' end
end
if waiting <= math.max(0, budget) then binding = 'demand' end
if sold_out then budget, binding = 0, 'sold_out' end
if s[5] == '1' then budget, binding = 0, 'paused' end
if is_closed(s[11]) then budget, binding = 0, 'closed' end

local before, released = serving, 0
if budget > 0 and serving < tail then
  if waiting <= budget then
    serving, released = tail, waiting
  else
    -- The smallest s with `budget` people in [serving, s): double the window, then halve it.
    local low, step = serving, budget
    while here(before, low + step) < budget do low, step = low + step, step * 2 end
    local high = low + step
    while low < high do
      local middle = math.floor((low + high) / 2)
      if here(before, middle) < budget then low = middle + 1 else high = middle end
    end
    serving, released = low, budget
  end
  tokens = tokens - released
  local newest = call('LINDEX', KEYS[9], 0)
  local t, from, _, gone = string.match(newest or '', '(%d+) (%d+) (%d+) (%d+)')
  if t and now_ms - t < math.max(1000, claim_ttl / 512) then
    call('LSET', KEYS[9], 0, t .. ' ' .. from .. ' ' .. serving .. ' ' .. (gone + released))
  else
    call('LPUSH', KEYS[9], string.format('%.0f %.0f %.0f %.0f', now_ms, before, serving, released))
    call('LTRIM', KEYS[9], 0, 1023)
  end
end
call('DEL', KEYS[10], KEYS[11])

-- Pace: numbers a minute that the counter really moves, absent people included; what an honest wait is computed from.
local spent = math.max(1, now_ms - tokens_at)
if before < tail and binding ~= 'paused' and binding ~= 'sold_out' and binding ~= 'closed' then
  local gain = 1 - math.exp(-spent / tonumber(ARGV[8]))
  pace = pace <= 0 and rate or pace + ((serving - before) * 60000 / spent - pace) * gain
end
call('HSET', key, 'serving', serving, 'tokens', string.format('%.6f', tokens), 'tokens_at', now_ms,
  'claims_seen', claims, 'credit', string.format('%.6f', credit), 'slot', slot, 'slot_at', slot_at,
  'pace', string.format('%.3f', pace), 'noshows', noshows, 'leases', leases, 'offers', offers + released,
  'waiting', waiting - released, 'free', free, 'sold_out', sold_out and 1 or 0, 'binding', binding)
return answer('led')
