--[[ hold_extend: give a live hold a longer life, never beyond its cap. A replay adds again, within the cap.
  KEYS[1] inv:{E}:epoch  string  the fence
  ARGV[1] epoch the caller knows
  ARGV[2] ref 8 bytes
  ARGV[3] ms to add to its life
  ARGV[4] longest life in ms, counted from when the hold was placed
  Replies {"fenced"} | {"unknown"} | {"expired"} | {"ordered"} | {"exceeded", record} | {"extended", record, now ms} ]]
-- include: inventory
if fenced then return { 'fenced' } end
expire(EXPIRED_BESIDE)
local hold = read_hold(ARGV[2])
if not hold then finish() return { 'unknown' } end
if hold.state == DEAD or (hold.state == ALIVE and hold.placed + hold.life <= now_ms) then finish() return { 'expired' } end
if hold.state ~= ALIVE then finish() return { 'ordered' } end
local life = math.min(hold.life + tonumber(ARGV[3]), tonumber(ARGV[4]))
if life <= hold.life then finish() return { 'exceeded', hold.raw } end
hold.life = life
write_hold(ARGV[2], hold)
due_at(ARGV[2], hold.placed + life)
finish()
return { 'extended', hold.raw, tostring(now_ms) }
