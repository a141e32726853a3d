--[[ lane_take: take the next turn at one endpoint of the payment provider, shared by all processes (GCRA).
  KEYS[1] lane:{endpoint}   string  the microsecond at which the endpoint is free again
  ARGV[1] interval_us   microseconds between two calls
  ARGV[2] burst         calls that may go out together
  ARGV[3] wait_max_us   a longer wait takes no turn
  ARGV[4] more          more turns to take with this one, as far as nobody has to wait for any of them
  Replies {"turn", wait_us, more taken} | {"full", wait_us} ]]
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local free = tonumber(redis.call('GET', KEYS[1]) or now)
if free < now then free = now end
local wait = free - (burst - 1) * interval - now
if wait < 0 then wait = 0 end
if wait > tonumber(ARGV[3]) then return {'full', wait} end
free = free + interval
local more = 0
if wait == 0 then more = math.max(0, math.min(tonumber(ARGV[4]), math.floor((burst * interval - free + now) / interval))) end
free = free + more * interval
redis.call('SET', KEYS[1], string.format('%.0f', free), 'PX', math.ceil((free - now) / 1000) + 1000)
return {'turn', wait, more}
