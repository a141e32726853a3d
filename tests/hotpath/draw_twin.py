"""The draw a second time, in plain Python: the shuffle from the Ethereum consensus specification, the tree from ours.

`compute_shuffled_index` is the specification's own text (consensus-specs, phase 0, beacon chain), its types taken off.
`python tests/hotpath/draw_twin.py` prints hotpath_rs/tests/vectors/draw.json, which the Rust tests read as well.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

SHUFFLE_ROUND_COUNT = 90


def compute_shuffled_index(index: int, index_count: int, seed: bytes) -> int:
    assert index < index_count
    for current_round in range(SHUFFLE_ROUND_COUNT):
        round_byte = current_round.to_bytes(1, "little")
        pivot = int.from_bytes(sha256(seed + round_byte).digest()[0:8], "little") % index_count
        flip = (pivot + index_count - index) % index_count
        position = max(index, flip)
        source = sha256(seed + round_byte + (position // 256).to_bytes(4, "little")).digest()
        byte = source[(position % 256) // 8]
        bit = (byte >> (position % 8)) % 2
        index = flip if bit else index
    return index


def merkle_root(digests: list[bytes]) -> bytes:
    level = [sha256(b"\x00" + digest).digest() for digest in digests]
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [sha256(b"\x01" + b"".join(pair)).digest() if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0] if level else bytes(32)


def draw_seed(secret: bytes, root: bytes, count: int, beacon: bytes) -> bytes:
    return sha256(secret + root + count.to_bytes(8, "big") + beacon).digest()


def bundle(event_id: str, secret: bytes, identities: list[bytes], beacon: str = "") -> dict[str, Any]:
    """An audit bundle as the room publishes it."""
    root = merkle_root(identities)
    return {
        "event_id": event_id,
        "cohort_size": len(identities),
        "commit": sha256(secret).hexdigest(),
        "secret": secret.hex(),
        "merkle_root": root.hex(),
        "seed": draw_seed(secret, root, len(identities), beacon.encode()).hex(),
        "beacon": beacon,
        "rounds": SHUFFLE_ROUND_COUNT,
        "identities": [digest.hex() for digest in identities],
    }


def vectors() -> dict[str, Any]:
    shuffles = []
    for count in (1, 2, 3, 5, 16, 255, 256, 257, 300):
        seed = sha256(b"shuffle %d" % count).digest()
        numbers = [compute_shuffled_index(index, count, seed) for index in range(count)]
        shuffles.append({"seed": seed.hex(), "count": count, "numbers": numbers})
    single = {"seed": sha256(b"million").hexdigest(), "count": 1_000_000}
    picks = {
        str(index): compute_shuffled_index(index, single["count"], bytes.fromhex(single["seed"]))
        for index in (0, 1, 499_999, 500_000, 999_999)
    }
    trees = []
    for length, counts in ((8, (0, 1, 2, 3)), (32, (4, 5, 7, 33, 100))):
        for count in counts:
            digests = [sha256(b"leaf %d" % at).digest()[:length] for at in range(count)]
            trees.append({"length": length, "digests": b"".join(digests).hex(), "root": merkle_root(digests).hex()})
    people = [sha256(b"person %d" % at).digest() for at in range(21)]
    return {
        "about": "Golden vectors of the draw, written by tests/hotpath/draw_twin.py.",
        "shuffles": shuffles,
        "large": {**single, "numbers": picks},
        "trees": trees,
        "bundle": bundle("evt_draw", b"the secret of the draw 32 bytes!", people, "drand round 4242"),
    }


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1))
