-- The waiting room's leases, as the shop's scripts see them. Its keys are named in engine/foundation/leases.py.
-- Stands after inventory. Brings, as locals:
--   OVER any_over
--   lease_is_over(lease)  true for one that ended before its token does
local OVER = 'wr:' .. tag .. ':over'
local any_over = call('EXISTS', OVER) == 1

local function lease_is_over(lease)
  return any_over and #lease == LEASE_BYTES and call('ZSCORE', OVER, lease)
end
