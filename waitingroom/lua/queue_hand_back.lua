--[[ queue_hand_back: allow no number beyond the tail until the mark is raised through Postgres again. Replay-safe.
  The version counts up as Postgres's will when it lowers the mark: whatever was raised at an older one comes too late.
  KEYS[1] wr:{E}:m  hash  the room
  ARGV[1] run id, ARGV[2] epoch
  Replies {"fenced"} | {"nothing"} | {"handed_back", tail, version of the mark until now}                             ]]
local m = redis.call('HMGET', KEYS[1], 'run', 'epoch', 'tail', 'hwm', 'hwm_version')
if m[1] ~= ARGV[1] or m[2] ~= ARGV[2] then return { 'fenced' } end
local tail, version = tonumber(m[3]), tonumber(m[5] or 0)
if tonumber(m[4]) <= tail then return { 'nothing' } end
redis.call('HSET', KEYS[1], 'hwm', tail, 'hwm_version', version + 1)
return { 'handed_back', tail, version }
