--[[ queue_join: give up to 64 identities their one number each, in the order in which they stand here. Replay-safe.
  KEYS[1]    wr:{E}:m        hash    the room
  KEYS[2..4] wr:{E}:live:0-2 string  bitmaps by number
  KEYS[5]    wr:{E}:marked   hash    registration index -> why it looked automated
  KEYS[6..]  wr:{E}:ids:B    hash    one for each item: identity digest -> number
  ARGV[1]    run id of the Redis that the caller believes to be talking to
  ARGV[2..]  per item: digest (8 bytes), wish: "" | "=number" a ticket was shown, record it | "^number" its turn is over, draw anew
             | "!reason" it looks automated: mark it while the cohort is not fixed
  Replies {"fenced"} | {"not_open", now_ms, prequeue_at} | {"closed", now_ms}
        | {"joined", now_ms, epoch, cohort (-1 before the line opens), packed}: per item word u8, number u32 little-endian;
          words 0 taken, 1 known, 2 the high-water mark (the number) must be raised first                                       ]]
-- include: room
local m = call('HMGET', KEYS[1], 'run', 'phase', 'prequeue_at', 'opens_at', 'closes_at', 'tail', 'hwm', 'slot', 'epoch', 'cohort', 'forget_at')
if m[1] ~= ARGV[1] then return { 'fenced' } end
if is_closed(m[5]) or is_past(m[11]) then return { 'closed', now_ms } end
local tail = tonumber(m[6])
local phase = advance(KEYS[1], m[2], m[3], m[4], tail)
if phase == 'scheduled' then return { 'not_open', now_ms, tonumber(m[3]) } end

local cohort = tonumber(m[10])
if phase == 'drawing' and cohort < 0 then cohort = tail end
local first, hwm = tail, tonumber(m[7])
local live = KEYS[2 + tonumber(m[8])]
local out, pack = {}, struct.pack

local function mark(number, wish)
  if cohort < 0 and string.sub(wish, 1, 1) == '!' then call('HSET', KEYS[5], number, string.sub(wish, 2)) end
end

for i = 6, #KEYS do
  local at = 2 * (i - 6) + 2
  local digest, wish = ARGV[at], ARGV[at + 1]
  local number = call('HGET', KEYS[i], digest)
  local over = number and wish == '^' .. number
  if number and not over then
    number = tonumber(number)
    if number >= cohort then call('SETBIT', live, number, 1) end
    mark(number, wish)
    out[#out + 1] = pack('<BI4', 1, number)
  elseif string.sub(wish, 1, 1) == '=' then
    number = tonumber(string.sub(wish, 2))
    call('HSET', KEYS[i], digest, number)
    if number >= cohort then call('SETBIT', live, number, 1) end
    out[#out + 1] = pack('<BI4', 1, number)
  elseif tail >= hwm then
    out[#out + 1] = pack('<BI4', 2, hwm)
  else
    call('HSET', KEYS[i], digest, tail)
    call('SETBIT', live, tail, 1)
    mark(tail, wish)
    out[#out + 1] = pack('<BI4', 0, tail)
    tail = tail + 1
  end
end
if tail > first then call('HSET', KEYS[1], 'tail', tail) end
return { 'joined', now_ms, tonumber(m[9]), cohort, table.concat(out) }
