"""The two ratios the ticket code is held to, in interleaved pairs of CPU time: `python tests/hotpath/code_ratios.py`.

- verify one code from Python, against a twin that decodes base64url and calls `hmac.new` (must 10, hope 12)
- verify 10,000 codes in one call, against `openssl speed -hmac sha256 -bytes 16` (must 2, hope 3.5)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import statistics
import subprocess
import time
import timeit

from hotpath_rs import Keyring

PAIRS = 5
CODES = 10_000
NOW_S = 1_000
OPENSSL = ["openssl", "speed", "-seconds", "1", "-bytes", "16", "-hmac", "sha256"]


def main() -> None:
    for name, pairs in zip(("verify one / hmac.new twin", "verify 10k / openssl speed"), measured(), strict=True):
        ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratio = statistics.median(their / our for our, their in pairs)
        print(f"{name}: {ours:.0f} ns against {theirs:.0f} ns, ratio {ratio:.1f}")


def measured(pairs: int = PAIRS) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """(ours, theirs) in nanoseconds a code, pair by pair: for one code, and for many in one call."""
    keys = Keyring([(1, bytes(32))]).event("evt_bench")
    codes = [keys.mint_ticket_code(unit, 1, 0, 2**32 - 1) for unit in range(CODES)]
    joined = "\n".join(codes).encode()
    code, master = codes[0], bytes(32)

    def twin() -> bool:
        raw = base64.urlsafe_b64decode(code + "==")
        tag = hmac.new(master, b"onsale|tc1|" + raw[:24], hashlib.sha256).digest()[:16]
        return hmac.compare_digest(tag, raw[24:])

    def nanoseconds(call: str, times: int, operations: int = 1) -> float:
        return (
            min(timeit.repeat(call, timer=time.process_time, globals=scope, number=times, repeat=3))
            / times
            / operations
            * 1e9
        )

    scope = {"one": keys.verify_ticket_code, "many": keys.verify_ticket_codes, "twin": twin, "code": code}
    scope |= {"joined": joined, "now_s": NOW_S}
    single, bulk = [], []
    for _ in range(pairs):
        single.append((nanoseconds("one(code, now_s)", 100_000), nanoseconds("twin()", 20_000)))
        bulk.append((nanoseconds("many(joined, now_s)", 50, CODES), openssl_nanoseconds()))
    return single, bulk


def openssl_nanoseconds() -> float:
    """Nanoseconds an operation, from the thousands of bytes a second it reports."""
    told = subprocess.run(OPENSSL, capture_output=True, text=True, check=True).stdout
    rate = re.search(r"^hmac\(sha256\)\s+([0-9.]+)k", told, re.MULTILINE)
    if rate is None:
        raise RuntimeError(told)
    return 16e9 / (float(rate[1]) * 1000)


if __name__ == "__main__":
    main()
