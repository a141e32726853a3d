--[[ units_block: keep free units from sale, or put blocked ones on sale again; all or nothing. Replay-safe.
  KEYS[1] inv:{E}:epoch  string  the fence
  ARGV[1] epoch the caller knows
  ARGV[2] "block" | "unblock"
  ARGV[3] units, u24 each
  Replies {"fenced"} | {"taken", unit...} (block: somebody has these, and nothing is changed)
        | {"done", units that changed} (one that is so already changes no more) ]]
-- include: inventory
local BLOCKED = 4
if fenced then return { 'fenced' } end

local units, taken = {}, {}
for i = 1, #ARGV[3], 3 do
  local a, b, c = byte(ARGV[3], i, i + 2)
  units[#units + 1] = a * 65536 + b * 256 + c
end
local map, base = call('GET', MAP) or '', call('GET', BASE) or ''
local blocks = ARGV[2] == 'block'
if blocks then
  for _, unit in ipairs(units) do
    local b = byte(map, unit + 1)
    if b == nil or (b < FREE and b ~= BLOCKED) then taken[#taken + 1] = unit end
  end
  if #taken > 0 then return { 'taken', unpack(taken, 1, math.min(#taken, 1000)) } end
end

-- A blocked unit is neither free nor anybody's: of the sums next to the map only that of free ones moves.
local changed = 0
local from, out = 0, {}                           -- neighbours are written in one piece
local function flush()
  if #out > 0 then call('SETRANGE', MAP, from, table.concat(out)) end
  out = {}
end
for _, unit in ipairs(units) do
  local b = byte(map, unit + 1)
  local to = nil
  if blocks and b ~= BLOCKED then to = BLOCKED end
  if not blocks and b == BLOCKED then to = byte(base, unit + 1) end
  if to then
    if unit ~= from + #out then flush() end
    if #out == 0 then from = unit end
    out[#out + 1] = char(to)
    deltas[#deltas + 1] = pack('>I3BB', unit, 1, to)
    changed = changed + 1
  end
end
flush()
tally.free = blocks and -changed or changed
if changed > 0 then call('DEL', CURSORS) end
finish()
return { 'done', changed }
