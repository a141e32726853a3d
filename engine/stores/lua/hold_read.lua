--[[ hold_read: a hold as it stands now. Without the library, whose names cost more than this reading.
  KEYS[1] inv:{E}:epoch  string  the fence
  ARGV[1] epoch the caller knows
  ARGV[2] ref 8 bytes
  Replies {"fenced"} | {"unknown"} | {"hold", record, now ms} ]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return { 'fenced' } end
local a, b = string.byte(ARGV[2], 1, 2)
local bucket = 'hold:' .. string.match(KEYS[1], '^inv:(.+):epoch$') .. ':' .. (a * 256 + b) % 1024
local record = redis.call('HGET', bucket, ARGV[2])
if not record then return { 'unknown' } end
local time = redis.call('TIME')
return { 'hold', record, string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)) }
