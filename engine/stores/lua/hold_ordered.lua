--[[ hold_ordered: the order and its units are durable in Postgres; the map follows. Replay-safe.
  KEYS[1] inv:{E}:epoch  string  the fence
  ARGV[1] epoch the caller knows
  ARGV[2] ref 8 bytes (may be unknown after Redis was lost)
  ARGV[3] units, u24 each
  Replies {"fenced"} | {"ordered", units turned} ]]
-- include: inventory
if fenced then return { 'fenced' } end
local hold = read_hold(ARGV[2])
if hold and (hold.state == ORDERING or hold.state == ALIVE) then
  hold.state = BOUGHT
  write_hold(ARGV[2], hold)
end
local turned = 0
for i = 1, #ARGV[3], 3 do
  local a, b, c = byte(ARGV[3], i, i + 2)
  turned = turned + turn(a * 65536 + b * 256 + c, 1, HELD, ORDERED)
end
finish()
return { 'ordered', turned }
