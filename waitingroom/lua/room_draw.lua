--[[ room_draw: publish the draw and open the line. Replay-safe: the first draw stands for ever.
  KEYS[1]    wr:{E}:m        hash    the room
  KEYS[2..4] wr:{E}:live:0-2 string  bitmaps: by index before, by queue number after
  ARGV[1] run id, ARGV[2] cohort size, ARGV[3] who of the cohort is there: bitmap by queue number,
          ARGV[4..] field, value: root, seed, secret, beacon
  Replies {"fenced"} | {"changed", cohort}: this draw was for another cohort | {"known"} | {"drawn", now_ms}          ]]
-- include: room
local m = call('HMGET', KEYS[1], 'run', 'seed', 'cohort', 'slot')
if m[1] ~= ARGV[1] then return { 'fenced' } end
if m[2] ~= '' then return { 'known' } end
if m[3] ~= ARGV[2] then return { 'changed', tonumber(m[3]) } end
local cohort, current = tonumber(ARGV[2]), KEYS[2 + tonumber(m[4])]
-- Whole bytes at once, the last bits one by one: its byte may already hold people who came after.
local whole = math.floor(cohort / 8)
for i = 2, 4 do
  if KEYS[i] ~= current then call('DEL', KEYS[i]) end
end
if whole > 0 then call('SETRANGE', current, 0, string.sub(ARGV[3], 1, whole)) end
for bit_at = whole * 8, cohort - 1 do
  local byte = string.byte(ARGV[3], whole + 1)
  call('SETBIT', current, bit_at, math.floor(byte / 2 ^ (7 - bit_at % 8)) % 2)
end
call('HSET', KEYS[1], 'phase', 'open', 'tokens_at', now_ms, 'tokens', 0, 'slot_at', now_ms, unpack(ARGV, 4))
return { 'drawn', now_ms }
