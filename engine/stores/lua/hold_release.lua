--[[ hold_release: give a hold's units back. Replay-safe: a hold that ended stays ended. Its buyer is still in the shop.
  KEYS[1] inv:{E}:epoch  string  the fence
  ARGV[1] epoch the caller knows
  ARGV[2] ref 8 bytes
  ARGV[3] 1: forget the hold, so that its key may place another (its caller was gone before the answer)
  Replies {"fenced"} | {"unknown"} | {"ordered"} | {"expired"} | {"released", record} ]]
-- include: inventory
if fenced then return { 'fenced' } end
local hold = read_hold(ARGV[2])
if not hold then return { 'unknown' } end
if hold.state == ORDERING or hold.state == BOUGHT then return { 'ordered' } end
if hold.state == DEAD then return { 'expired' } end
local record = hold.raw
end_hold(ARGV[2], hold, true)
ended_all()
if ARGV[3] == '1' then call('HDEL', bucket_of(ARGV[2]), ARGV[2]) end
finish()
return { 'released', record }
