--[[ room_create: build the room, or raise it again after Redis lost some or all of it. Replay-safe per epoch.
  Whoever may still be in the shop on a lease that was lost is stood in for by a phantom lease, so that capacity holds.
  KEYS[1] wr:{E}:m  hash; KEYS[2] wr:{E}:claimed  string; KEYS[3] wr:{E}:lease  zset; KEYS[4] wr:{E}:live:0  string
  ARGV[1] run id, ARGV[2] epoch, ARGV[3] tail (the durable high-water mark), ARGV[4] serving as last published,
          ARGV[5] session ttl ms, ARGV[6] leeway ms, ARGV[7] capacity, ARGV[8] tail as last published (the mark where nobody
          knows), ARGV[9] most leases there can have been moments before the loss (-1: nobody knows), ARGV[10] version of
          the mark, ARGV[11..] field, value: schedule, rules, draw
  Replies {"known", epoch} | {"created", now_ms, phantoms}                                                            ]]
-- include: room
local m = call('HMGET', KEYS[1], 'epoch', 'run', 'serving', 'fence', 'claims')
local epoch = tonumber(ARGV[2])
if m[1] and tonumber(m[1]) >= epoch then return { 'known', tonumber(m[1]) } end

local serving = math.max(tonumber(ARGV[4]), tonumber(m[3] or 0))
local kept = call('HMGET', KEYS[1], 'noshows', 'left', 'phantoms', 'phantoms_until')
call('DEL', KEYS[1])
call('HSET', KEYS[1], 'phase', 'scheduled', 'cohort', -1, 'seed', '', unpack(ARGV, 11))
call('HSET', KEYS[1], 'run', ARGV[1], 'epoch', epoch, 'tail', ARGV[3], 'hwm', ARGV[3], 'hwm_version', ARGV[10],
  'serving', serving,
  'tokens', 0, 'tokens_at', now_ms, 'slot', 0, 'slot_at', now_ms, 'fence', (m[4] or 0) + 1, 'leader', '', 'leader_until', 0,
  'sold_out', 0, 'binding', 'none', 'claims', m[5] or 0, 'noshows', kept[1] or 0, 'left', kept[2] or 0, 'pace', 0,
  'leases', 0, 'offers', 0, 'waiting', 0, 'free', -1)
if is_past(call('HGET', KEYS[1], 'forget_at')) then
  call('EXPIRE', KEYS[1], PAST_KEPT_S)
  return { 'created', now_ms, 0 }
end

call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now_ms)
-- A Redis that came back with the room lost at most its last moments (an append-only file synced every second, a promoted
-- replica): no more leases than the rate gives in LOST_S are unknown. One that came back empty lost them all: as many as
-- were last seen, and what the rate may have given since.
local LOST_S = 3
local unknown = serving > 0 and serving - call('BITCOUNT', KEYS[2], 0, serving - 1, 'BIT') or 0
local lately = math.ceil(tonumber(call('HGET', KEYS[1], 'rate') or 0) / 60 * LOST_S)
if m[1] then unknown = math.min(unknown, lately)
elseif tonumber(ARGV[9]) >= 0 then unknown = math.min(unknown, tonumber(ARGV[9]) + lately) end
local phantoms = math.max(0, math.min(unknown, tonumber(ARGV[7]) - call('ZCARD', KEYS[3])))
local until_ms = now_ms + tonumber(ARGV[5]) + tonumber(ARGV[6])
for i = 1, phantoms do                              -- beside those of a loss before, which stand in for other people
  call('ZADD', KEYS[3], until_ms, string.format('phantom%d:%d', epoch, i))
end
local older = tonumber(kept[4] or 0) > now_ms and tonumber(kept[3]) or 0
call('HSET', KEYS[1], 'phantoms', older + phantoms, 'phantoms_until', until_ms)

-- Where presence was lost with the rest, everybody up to the tail last published is taken to be there, else the counter
-- would run past a whole line. The numbers between it and the mark were hardly given out: calling them would keep the
-- shop's places for nobody. Whoever got one in the last moments may be passed: they claim first whenever they come.
if not m[1] then
  local from, tail = serving, math.min(tonumber(ARGV[3]), tonumber(ARGV[8]))
  for number = from, math.min(tail, math.ceil(from / 8) * 8) - 1 do call('SETBIT', KEYS[4], number, 1) end
  local first = math.ceil(from / 8)
  if math.ceil(tail / 8) > first then call('SETRANGE', KEYS[4], first, string.rep('\255', math.ceil(tail / 8) - first)) end
end
return { 'created', now_ms, phantoms }
