--[[ hold_release: give a hold's units back. Replay-safe: a hold that ended stays ended.
  KEYS[1] inv:{E}:epoch  string  the fence
  ARGV[1] epoch the caller knows
  ARGV[2] ref 8 bytes
  Replies {"fenced"} | {"unknown"} | {"ordered"} | {"expired"} | {"released", record} ]]
-- include: inventory
if fenced then return { 'fenced' } end
local hold = read_hold(ARGV[2])
if not hold then return { 'unknown' } end
if hold.state == ORDERING or hold.state == BOUGHT then return { 'ordered' } end
if hold.state == DEAD then return { 'expired' } end
local record = hold.raw
end_hold(ARGV[2], hold)
ended_all()
finish()
return { 'released', record }
