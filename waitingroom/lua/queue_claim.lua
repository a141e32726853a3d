--[[ queue_claim: let one number in, if it is its turn and a lease is free. Replay-safe: a second claim is the same lease.
  KEYS[1]    wr:{E}:m         hash    the room
  KEYS[2]    wr:{E}:claimed   string  bitmap by queue number
  KEYS[3]    wr:{E}:lease     zset    lease id -> epoch ms until which its token may be valid
  KEYS[4]    wr:{E}:wait      zset    queue number -> itself: called, came, found the shop full
  KEYS[5]    wr:{E}:wait_due  zset    queue number -> epoch ms until which its priority is kept
  KEYS[6..8] wr:{E}:live:0-2  string  bitmaps by queue number
  ARGV[1] run id, ARGV[2] queue number, ARGV[3] lease id (16 bytes), ARGV[4] verifiers' leeway ms, ARGV[5] ms that a
          priority is kept, ARGV[6] most numbers with a priority
  Replies {"fenced"} | {"granted" | "again", now_ms, expires_at_ms} | {"ended", now_ms} | {"closed", now_ms}
        | {"waits", now_ms, serving, why}: why is not_yet, drawing, paused, sold_out or full                           ]]
-- include: room
local m = call('HMGET', KEYS[1], 'run', 'phase', 'closes_at', 'serving', 'capacity', 'session_ttl', 'paused', 'sold_out', 'slot', 'forget_at')
if m[1] ~= ARGV[1] then return { 'fenced' } end
local number, lease, leeway = tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local serving = tonumber(m[4])

if call('GETBIT', KEYS[2], number) == 1 then
  local until_ms = tonumber(call('ZSCORE', KEYS[3], lease) or 0)
  if until_ms - leeway > now_ms then return { 'again', now_ms, until_ms - leeway } end
  return { 'ended', now_ms }
end
if is_closed(m[3]) or is_past(m[10]) then return { 'closed', now_ms } end
if m[2] ~= 'open' then return { 'waits', now_ms, serving, 'drawing' } end

call('SETBIT', KEYS[6 + tonumber(m[9])], number, 1)
if number >= serving then return { 'waits', now_ms, serving, 'not_yet' } end
if m[7] == '1' then return { 'waits', now_ms, serving, 'paused' } end
if m[8] == '1' then return { 'waits', now_ms, serving, 'sold_out' } end

-- A lease counts until its token can no longer verify anywhere; due ones are swept a few at a time.
local due = call('ZRANGE', KEYS[3], '-inf', now_ms, 'BYSCORE', 'LIMIT', 0, 64)
if #due > 0 then call('ZREM', KEYS[3], unpack(due)) end
local stale = call('ZRANGE', KEYS[5], '-inf', now_ms, 'BYSCORE', 'LIMIT', 0, 64)
if #stale > 0 then
  call('ZREM', KEYS[4], unpack(stale))
  call('ZREM', KEYS[5], unpack(stale))
end

local free = tonumber(m[5]) - call('ZCOUNT', KEYS[3], '(' .. now_ms, '+inf')
local before = call('ZCOUNT', KEYS[4], '-inf', '(' .. number)
if free <= before then
  if call('ZSCORE', KEYS[4], number) or call('ZCARD', KEYS[4]) < tonumber(ARGV[6]) then
    call('ZADD', KEYS[4], number, number)
    call('ZADD', KEYS[5], now_ms + tonumber(ARGV[5]), number)
  end
  return { 'waits', now_ms, serving, 'full' }
end
local expires_at = now_ms + tonumber(m[6])
call('SETBIT', KEYS[2], number, 1)
call('ZADD', KEYS[3], expires_at + leeway, lease)
call('ZREM', KEYS[4], number)
call('ZREM', KEYS[5], number)
call('HINCRBY', KEYS[1], 'claims', 1)
return { 'granted', now_ms, expires_at }
