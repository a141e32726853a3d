--[[ queue_join: give up to 64 identities their one number each, in the order in which they stand here. Replay-safe.
  Whoever only typed an identity that is known gets nothing of its place and changes nothing of it.
  KEYS[1]    wr:{E}:m        hash    the room
  KEYS[2..4] wr:{E}:live:0-2 string  bitmaps by number
  KEYS[5]    wr:{E}:marked   hash    registration index -> "crowded_block:N", the Nth of its block, or why it looked automated,
                                     followed by ":N" if its block is crowded too
  KEYS[6]    wr:{E}:crowd    string  places by address block while the cohort is not fixed: u16 by the block's hash
  KEYS[7]    wr:{E}:crowds   hash    address block -> its places since its slot in `crowd` was past half the cap
  KEYS[8..]  wr:{E}:ids:B    hash    one for each item: identity digest -> number | number ":" device key's hash (16 bytes)
  ARGV[1]    run id of the Redis that the caller believes to be talking to
  ARGV[2]    places of one block beyond which they are marked
  ARGV[3..]  per item: digest (8 bytes); wish: "" | "=number" a ticket was shown, record it | "^number" its turn is over, draw
             anew | "~" the identity is a device, and naming it is showing it | "#number" its mailed link was opened, forget
             device and looks, not the crowd of its block | "!reason" it looks automated: mark what is taken now; hash of a device key or ""; address block (8 bytes) or ""
  Replies {"fenced"} | {"not_open", now_ms, prequeue_at} | {"closed", now_ms}
        | {"joined", now_ms, epoch, cohort (-1 before the line opens), packed}: per item word u8, number u32 little-endian;
          words 0 taken, 1 known, 2 the high-water mark (the number) must be raised first, 3 known, and nothing proves that it
          is the caller's, 4 taken, and marked for the crowd of its block                                                     ]]
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
local out, pack, sub = {}, struct.pack, string.sub
local SLOTS, KEYED = 524288, 18                    -- of a row; the least length of a value that carries a device key

local function record(bucket, digest, number, key)
  call('HSET', bucket, digest, key == '' and number or number .. ':' .. key)
end

-- The sketch alone for half the cap, so that most joins cost one command; from there on its block is counted exactly.
local function is_crowded(block)
  local cap = math.floor(tonumber(ARGV[2]) / 2)
  local a, b = struct.unpack('<I4I4', block)
  local seen = call('BITFIELD', KEYS[6], 'OVERFLOW', 'SAT', 'INCRBY', 'u16', (a + b) % SLOTS * 16, 1)[1]
  if seen <= cap then return false end
  local exact = call('HINCRBY', KEYS[7], block, 1)
  return exact > tonumber(ARGV[2]) - cap and cap + exact
end

for i = 8, #KEYS do
  local at = 4 * (i - 8) + 3
  local digest, wish, key, block = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local kind, shown = sub(wish, 1, 1), tonumber(sub(wish, 2))
  local known, held_key = call('HGET', KEYS[i], digest), ''
  if known and #known >= KEYED then known, held_key = sub(known, 1, -18), sub(known, -16) end
  local number = tonumber(known or nil)
  local draws = not number

  if kind == '=' then                              -- a ticket proves its own number; an older one was the identity's first
    if not number or shown < number then record(KEYS[i], digest, shown, key) end
    number, draws = shown, false
  elseif kind == '#' then
    number, draws = number or shown, false
    record(KEYS[i], digest, number, key)
    -- Who looked automated may have been a stranger; the crowd of a block is whoever opens the link.
    local mark = cohort < 0 and call('HGET', KEYS[5], number)
    local nth = mark and string.match(mark, ':(%d+)$')
    if nth then call('HSET', KEYS[5], number, 'crowded_block:' .. nth)
    elseif mark then call('HDEL', KEYS[5], number) end
  elseif kind == '^' and number == shown then
    draws = true
  elseif number and (kind == '^' and number < shown or kind ~= '^' and kind ~= '~' and (key == '' or key ~= held_key)) then
    out[#out + 1] = pack('<BI4', 3, number)
    number = nil
  end

  if draws and tail >= hwm then
    out[#out + 1] = pack('<BI4', 2, hwm)
  elseif draws then
    record(KEYS[i], digest, tail, key == '' and held_key or key)
    call('SETBIT', live, tail, 1)
    local count = cohort < 0 and block ~= '' and is_crowded(block)
    if cohort < 0 and kind == '!' then call('HSET', KEYS[5], tail, sub(wish, 2) .. (count and ':' .. count or ''))
    elseif count then call('HSET', KEYS[5], tail, 'crowded_block:' .. count) end
    out[#out + 1] = pack('<BI4', count and 4 or 0, tail)
    tail = tail + 1
  elseif number then
    if number >= cohort then call('SETBIT', live, number, 1) end
    out[#out + 1] = pack('<BI4', 1, number)
  end
end
if tail > first then call('HSET', KEYS[1], 'tail', tail) end
return { 'joined', now_ms, tonumber(m[9]), cohort, table.concat(out) }
