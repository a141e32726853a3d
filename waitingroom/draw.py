"""The draw: commit before anybody joins, fix the cohort, derive the seed, shuffle. No I/O.

commit = SHA-256(secret), published before the prequeue opens; seed = SHA-256(secret || merkle root of the identity
digests in index order || N as u64 big-endian || beacon). Index i gets queue number shuffle(seed, i, N).
See docs/FAIRNESS.md.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import hotpath_rs

SECRET_BYTES = 32
DIGEST_BYTES = 8
ROUNDS = 90
VACANT = bytes(DIGEST_BYTES)  # stands for an index whose identity was lost with Redis


def commitment(secret: bytes) -> bytes:
    """What is published in advance."""
    return hashlib.sha256(secret).digest()


@dataclass(frozen=True, slots=True)
class Moved:
    """A registration that looked automated and stands at ``number``, behind the drawn, not if it was drawn."""

    index: int
    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Draw:
    """A draw that was held. Everything in it is public from then on."""

    cohort_size: int
    root: bytes
    seed: bytes
    secret: bytes
    beacon: str
    beacon_name: str = ""
    moved: tuple[Moved, ...] = ()

    def stored(self) -> dict[str, Any]:
        """As kept in Postgres; the secret is in its own column."""
        return {
            "commit": commitment(self.secret).hex(),
            "cohort_size": self.cohort_size,
            "merkle_root": self.root.hex(),
            "seed": self.seed.hex(),
            "beacon": self.beacon,
            "beacon_name": self.beacon_name,
            "tail_cohort": [{"index": m.index, "number": m.number, "reason": m.reason} for m in self.moved],
        }

    @classmethod
    def restored(cls, stored: dict[str, Any], secret: bytes) -> Draw | None:
        """The draw behind ``stored``, None if none was held."""
        if not stored.get("seed"):
            return None
        return cls(
            cohort_size=stored["cohort_size"],
            root=bytes.fromhex(stored["merkle_root"]),
            seed=bytes.fromhex(stored["seed"]),
            secret=secret,
            beacon=stored["beacon"],
            beacon_name=stored.get("beacon_name", ""),
            moved=tuple(Moved(m["index"], m["number"], m["reason"]) for m in stored.get("tail_cohort", ())),
        )


def hold(secret: bytes, digests: bytes, beacon: str = "", beacon_name: str = "", moved: tuple[Moved, ...] = ()) -> Draw:
    """Draw for the cohort whose 8-byte identity digests stand in ``digests`` in index order.

    ``beacon`` is empty if none was named, or if the one that was named did not come in time.
    """
    cohort_size = len(digests) // DIGEST_BYTES
    root = hotpath_rs.merkle_root(digests, DIGEST_BYTES)
    seed = hotpath_rs.draw_seed(secret, root, cohort_size, beacon.encode())
    return Draw(cohort_size, root, seed, secret, beacon, beacon_name, moved)


def presence_by_number(draw: Draw, there: bytes) -> bytes:
    """A bitmap by registration index as a bitmap by queue number, most significant bit first as Redis has it.

    Nobody stands any more if somebody who was moved had been drawn.
    """
    cohort_size = draw.cohort_size
    out = bytearray((cohort_size + 7) // 8)
    moved = {one.index for one in draw.moved}
    numbers = memoryview(hotpath_rs.shuffle_all(draw.seed, cohort_size)).cast("I")
    for start in range(0, min(cohort_size, len(there) * 8), 8):
        byte = there[start >> 3]
        if not byte:
            continue
        for offset in range(8):
            if byte & 0x80 >> offset and start + offset < cohort_size and start + offset not in moved:
                number = numbers[start + offset]
                out[number >> 3] |= 0x80 >> (number & 7)
    return bytes(out)


def bundle(event_id: str, draw: Draw, digests: bytes) -> dict[str, Any]:
    """The audit bundle that ``onsale verify-draw`` checks."""
    return {
        "event_id": event_id,
        **draw.stored(),
        "secret": draw.secret.hex(),
        "rounds": ROUNDS,
        "identities": [digests[at : at + DIGEST_BYTES].hex() for at in range(0, len(digests), DIGEST_BYTES)],
    }
