--[[ room_create: build the room, or raise it again after Redis lost some or all of it. Replay-safe per epoch.
  Whoever may still be in the shop on a lease that was lost is stood in for by a phantom lease, so that capacity holds.
  KEYS[1] wr:{E}:m  hash; KEYS[2] wr:{E}:claimed  string; KEYS[3] wr:{E}:lease  zset; KEYS[4] wr:{E}:live:0  string
  ARGV[1] run id, ARGV[2] epoch, ARGV[3] tail (the durable high-water mark), ARGV[4] serving as last published,
          ARGV[5] session ttl ms, ARGV[6] leeway ms, ARGV[7] capacity, ARGV[8..] field, value: schedule, rules, draw
  Replies {"known", epoch} | {"created", now_ms, phantoms}                                                            ]]
-- include: room
local m = call('HMGET', KEYS[1], 'epoch', 'run', 'serving', 'fence', 'claims', 'tail')
local epoch = tonumber(ARGV[2])
if m[1] and tonumber(m[1]) >= epoch then return { 'known', tonumber(m[1]) } end

local serving = math.max(tonumber(ARGV[4]), tonumber(m[3] or 0))
local kept = call('HMGET', KEYS[1], 'noshows', 'left')
call('DEL', KEYS[1])
call('HSET', KEYS[1], 'phase', 'scheduled', 'cohort', -1, 'seed', '', unpack(ARGV, 8))
call('HSET', KEYS[1], 'run', ARGV[1], 'epoch', epoch, 'tail', ARGV[3], 'hwm', ARGV[3], 'serving', serving,
  'tokens', 0, 'tokens_at', now_ms, 'slot', 0, 'slot_at', now_ms, 'fence', (m[4] or 0) + 1, 'leader', '', 'leader_until', 0,
  'sold_out', 0, 'binding', 'none', 'claims', m[5] or 0, 'noshows', kept[1] or 0, 'left', kept[2] or 0, 'pace', 0,
  'leases', 0, 'offers', 0, 'waiting', 0, 'free', -1)

call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now_ms)
local unknown = serving > 0 and serving - call('BITCOUNT', KEYS[2], 0, serving - 1, 'BIT') or 0
local phantoms = math.max(0, math.min(unknown, tonumber(ARGV[7]) - call('ZCARD', KEYS[3])))
local until_ms = now_ms + tonumber(ARGV[5]) + tonumber(ARGV[6])
for i = 1, phantoms do
  call('ZADD', KEYS[3], until_ms, string.format('phantom%09d', i))
end

-- Whose presence was lost with the rest is taken to be there, else the counter would run past a whole line.
local from, tail = tonumber(m[6] or serving), tonumber(ARGV[3])
for number = from, math.min(tail, math.ceil(from / 8) * 8) - 1 do call('SETBIT', KEYS[4], number, 1) end
local first = math.ceil(from / 8)
if math.ceil(tail / 8) > first then call('SETRANGE', KEYS[4], first, string.rep('\255', math.ceil(tail / 8) - first)) end
return { 'created', now_ms, phantoms }
