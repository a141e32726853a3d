"""What buyers want and how they get past a proof of work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# Locust patches the standard library when imported, so its users are tried in a process of their own.
CODE = """
from gevent import monkey; monkey.patch_all()
import random
from collections import Counter
import altcha.v1 as altcha
from loadtest.plan import Plan, TicketType
from loadtest.users.taste import Taste
from loadtest.users.work import solve

made = altcha.create_challenge(altcha.ChallengeOptions(algorithm="SHA-256", max_number=5000, hmac_key="k"))
asked = {"algorithm": made.algorithm, "challenge": made.challenge, "max_number": 5000, "salt": made.salt,
         "signature": made.signature}
assert altcha.verify_solution(solve(asked), "k")[0]
assert solve(asked | {"challenge": "0" * 64}) is None

kinds = [TicketType("tt_seat", seat_pairs=[("A/1/1", "A/1/2")], max_per_order=3), TicketType("tt_floor", general=True)]
plan = Plan("e", "w", "s", "evt", kinds, [0.0], 0.0, "out", named_share=0.1, general_share=0.2, abandon_share=0.05)
dice = random.Random(4)
wants = [Taste.of(plan, dice) for _ in range(20_000)]
share = lambda test: sum(map(test, wants)) / len(wants)
assert 0.18 < share(lambda want: want.ticket_type.general) < 0.22
assert 0.09 < share(lambda want: want.seats is not None) < 0.11
assert 0.04 < share(lambda want: want.abandons) < 0.06
assert max(want.quantity for want in wants if not want.ticket_type.general) == 3, "never more than one may order"
assert all(want.quantity == 2 for want in wants if want.seats)

choosy = next(want for want in wants if want.seats)
assert choosy.item()["seats"] == ["A/1/1", "A/1/2"]
assert not choosy.settle_for_less("sold_out")
assert choosy.settle_for_less("seat_taken") and "seats" not in choosy.item()
assert choosy.settle_for_less("best_available_not_found") and choosy.item()["quantity"] == 1
assert not choosy.settle_for_less("best_available_not_found")
print("fine")
"""


def test_buyers_want_what_the_plan_says_and_solve_the_challenge():
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, timeout=60, check=False,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.stdout == "fine\n", done.stderr
