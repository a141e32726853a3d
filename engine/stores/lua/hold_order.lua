--[[ hold_order: the buyer starts to pay: the hold's life becomes the order's, once. Replay-safe: repeating answers the same record.
  KEYS[1] inv:{E}:epoch  string  the fence
  ARGV[1] epoch the caller knows
  ARGV[2] ref 8 bytes
  ARGV[3] ms the order lives from now
  ARGV[4] longest life in ms, counted from when the hold was placed
  ARGV[5] ms the units stay locked beyond the order's deadline, for the expiry that asks the provider first
  Replies {"fenced"} | {"unknown"} | {"expired"} | {"ordering" | "bought", record, now ms}; the record's life includes ARGV[5] ]]
-- include: inventory
if fenced then return { 'fenced' } end
expire(EXPIRED_BESIDE)
local hold = read_hold(ARGV[2])
if not hold then finish() return { 'unknown' } end
if hold.state == BOUGHT then finish() return { 'bought', hold.raw, tostring(now_ms) } end
if hold.state == DEAD or hold.placed + hold.life <= now_ms then finish() return { 'expired' } end
if hold.state == ALIVE then
  hold.state = ORDERING
  hold.life = math.min(now_ms + tonumber(ARGV[3]) - hold.placed, tonumber(ARGV[4])) + tonumber(ARGV[5])
  write_hold(ARGV[2], hold)
  due_at(ARGV[2], hold.placed + hold.life)
end
finish()
return { 'ordering', hold.raw, tostring(now_ms) }
