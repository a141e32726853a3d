-- What every room script begins with: the clock, the phase, when a room is closed and past.
-- Brings, as locals:
--   call time now_ms PAST_KEPT_S
--   advance(key, phase, prequeue_at, opens_at, tail)  the phase that it is by now
--   is_closed(closes_at)
--   is_past(forget_at)

local call = redis.call
local time = call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)

-- The phase is moved by Redis TIME and the schedule. `cohort` is set in the same step that opens the line, so nobody
-- who joins later can be counted into the draw and a doubled or retried opener changes nothing.
--   scheduled -> prequeue -> drawing (cohort fixed, seed not yet known) -> open
local function advance(key, phase, prequeue_at, opens_at, tail)
  if phase == 'scheduled' and now_ms >= tonumber(prequeue_at) then
    phase = 'prequeue'
    call('HSET', key, 'phase', phase)
  end
  if phase == 'prequeue' and now_ms >= tonumber(opens_at) then
    phase = 'drawing'
    call('HSET', key, 'phase', phase, 'cohort', tail, 'serving', 0)
  end
  return phase
end

local function is_closed(closes_at)
  closes_at = tonumber(closes_at)
  return closes_at > 0 and now_ms >= closes_at
end

-- Whether the room ended so long ago that nothing of it need be kept; then it is closed whatever its schedule says.
local function is_past(forget_at)
  return is_closed(forget_at or 0)
end

-- What is built again of such a room is for a late visitor to be told that it is closed, and goes by itself.
local PAST_KEPT_S = 3600
