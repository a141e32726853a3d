"""Every bound of a rehearsal, by name, with its unit last."""

from __future__ import annotations

PROFILE_SECONDS_MAX = 3_600
ARRIVALS_MAX = 200_000
MULTIPLIER_MAX = 100
MULTIPLIER_MIN = 0.05
PROCESSES_MAX = 8  # of generators, and of the engine of a shop of the rehearsal's own
COUNT_MAX = 1_000_000  # of anything asked for by number

LEAD_S = 4.0  # between the start of the generators and the first arrival, and
LEAD_PER_BUYER_S = 0.001  # more for each: users are made before the surge, not in it
USERS_AHEAD_MAX = 20_000  # of which this many; beyond them users are made as the surge goes
JOURNEY_MAX_S = 150.0  # one buyer, from arrival to tickets
NETWORK_TIMEOUT_S = 30.0
CONNECTIONS_PER_BUYER = 4
OWN_CONNECTIONS_BUYERS_MAX = 3_000  # a process with more buyers lets them share this many connections per host
PATIENCE_PER_MULTIPLE_S = 30.0  # a surge above the recorded one queues: buyers and audit wait this much longer

ATTEMPTS_MAX = 8  # of one request that is shed, limited or broken
RETRY_AFTER_MAX_S = 10.0
RETRY_JITTER_SHARE = 0.3
BROKEN_PAUSE_S = 0.25  # doubled with each attempt
IN_FLIGHT_TRIES_MAX = 60  # while the first try under the same key is still being answered, or its server died over it
IN_FLIGHT_PAUSE_S = 1.5

ROOM_POLLS_MAX = 300
CLAIM_POLLS_MAX = 300
CLAIM_PAUSE_MAX_S = 15.0
STATUS_POLLS_MAX = 200
STATUS_WAIT_S = 20  # asked of the shop at a time; below NETWORK_TIMEOUT_S
STATUS_WAITED_S = 1.0  # an answer that took longer was waited for: the next is asked for at once
STATUS_PAUSE_FIRST_S = 0.25
STATUS_PAUSE_MAX_S = 2.0
HOLDS_LOST_MAX = 3  # a buyer whose hold is gone when they come to pay starts again with another
HOLD_TRIES_MAX = 3  # a named seat that is gone falls back to best available

GATE_USERS = 2
GATE_QUEUE_MAX = 500_000
GATE_IDLE_S = 0.2
GATE_FAILURES_MAX = 5  # in a row; then the gate closes and the rest is counted as unscanned

ROOM_RATE_MIN, ROOM_CAPACITY = 3_000, 2_000  # of an event made for a rehearsal
ROOM_OPENS_MAX_S = 180.0  # how long a rehearsal waits for the on-sale to open
SETUP_TIMEOUT_S = 30.0
STACK_READY_MAX_S = 90.0
STACK_STOP_MAX_S = 20.0
AUDIT_MAX_S = 120.0
REBUILD_MAX_S = 60.0  # until tickets sold before the rehearsal are on the map
RESUMED_MAX_S = 30.0  # from the loss of Redis to the next hold
SETTLE_MAX_S = 30.0  # after the last journey: how long orders may take to become terminal

GENERATOR_CPU_SHARE = 0.9  # of a core, above which a generator measures its own slowness
GENERATOR_LATE_MS = 250.0  # p99 of the generator's own lateness above which its latencies are suspect

SPENDING_LOOK_S = 1.0  # how often the shop's processes are looked at
REST_LOOK_S = 1.0  # the shop is at rest once it uses less than this share of a core for so long, and is
REST_CPU_SHARE = 0.15
REST_MAX_S = 20.0  # waited for no longer than this

LIMIT_RUNS_MAX = 12  # rehearsals of one search for the limit
LIMIT_TIME_MAX_S = 2_700.0  # no rehearsal of a search begins later than this
LIMIT_REFUSED_MAX = 2  # rehearsals in a row that could not be held to the end, after which a search ends
LIMIT_CLOSE_ENOUGH = 1.1  # the lowest NO-GO over the highest GO at which a search ends
KILL_AT_S = 5.0  # of the profile, if --kill comes without --kill-at-s
QUICK_SECONDS = 4  # of the profile, with --quick
