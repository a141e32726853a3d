--[[ hold_read: a hold as it stands now.
  KEYS[1] inv:{E}:epoch  string  the fence
  ARGV[1] epoch the caller knows
  ARGV[2] ref 8 bytes
  Replies {"fenced"} | {"unknown"} | {"hold", record, now ms} ]]
-- include: inventory
if fenced then return { 'fenced' } end
local hold = read_hold(ARGV[2])
if not hold then return { 'unknown' } end
return { 'hold', hold.raw, tostring(now_ms) }
