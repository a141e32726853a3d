"""When buyers come: a recorded profile of reservations per second, repeated `multiplier` times, as exact instants."""

from __future__ import annotations

import csv
import itertools
import random
from dataclasses import dataclass
from pathlib import Path

from loadtest import limits

PROFILES = Path(__file__).parent / "profiles"


class BadProfile(ValueError):  # noqa: N818 - named for the no, as everywhere in this house
    """The profile cannot be read; the message names the line."""


@dataclass(frozen=True, slots=True)
class Profile:
    """`per_second[i]` reservations were made in second i."""

    name: str
    per_second: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.per_second)

    @property
    def peak(self) -> int:
        return max(self.per_second, default=0)

    def times(self, multiplier: float) -> Profile:
        """The same curve with every second `multiplier` times as busy; a broken one is rounded as the sum grows."""
        if not limits.MULTIPLIER_MIN <= multiplier <= limits.MULTIPLIER_MAX:
            raise BadProfile(f"multiplier must be between {limits.MULTIPLIER_MIN} and {limits.MULTIPLIER_MAX}")
        name = self.name if multiplier == 1 else f"{self.name}_x{multiplier:g}"
        sums = [0, *(round(sum_ * multiplier) for sum_ in itertools.accumulate(self.per_second))]
        grown = Profile(name, tuple(after - before for before, after in itertools.pairwise(sums)))
        if grown.total > limits.ARRIVALS_MAX:
            raise BadProfile(f"{grown.total} arrivals are more than {limits.ARRIVALS_MAX}")
        if not grown.total:
            raise BadProfile(f"{multiplier:g} times as busy, nobody comes")
        return grown

    def first(self, seconds: int) -> Profile:
        """Its beginning, if it is longer."""
        if len(self.per_second) <= seconds:
            return self
        begun = Profile(f"{self.name}_first_{seconds}_s", self.per_second[:seconds])
        if not begun.total:
            raise BadProfile(f"nobody comes in the first {seconds} seconds of {self.name}")
        return begun


def read_profile(name: str) -> Profile:
    """A file with the columns `second,reservations`, or the name of one that comes with the product."""
    path = Path(name)
    if not path.exists():
        path = PROFILES / f"{Path(name).stem}.csv"
        named = sorted(PROFILES.glob(f"{Path(name).stem}_*.csv")) if not path.exists() and Path(name).stem else []
        path = named[0] if len(named) == 1 else path  # `emf` is enough while only one profile begins so
    if not path.exists():
        known = ", ".join(sorted(found.stem for found in PROFILES.glob("*.csv")))
        raise BadProfile(f"no profile {name}; known ones are {known}")
    counts: dict[int, int] = {}
    with path.open(newline="") as lines:
        rows = csv.DictReader(lines)
        if rows.fieldnames is None or not {"second", "reservations"} <= set(rows.fieldnames):
            raise BadProfile(f"{path.name}: the first line must name the columns second,reservations")
        for row in rows:
            second, count = _count(path, rows.line_num, row["second"]), _count(path, rows.line_num, row["reservations"])
            if second >= limits.PROFILE_SECONDS_MAX or second in counts:
                raise BadProfile(f"{path.name} line {rows.line_num}: second {second} is repeated or too late")
            counts[second] = count
    if not any(counts.values()):
        raise BadProfile(f"{path.name}: nobody comes")
    return Profile(path.stem, tuple(counts.get(second, 0) for second in range(max(counts) + 1)))


def schedule(profile: Profile, seed: int) -> list[float]:
    """One instant per reservation, in seconds from the start, ascending, at random inside its recorded second."""
    dice = random.Random(seed)
    return [
        instant
        for second, count in enumerate(profile.per_second)
        for instant in sorted(second + dice.random() for _ in range(count))
    ]


def _count(path: Path, line: int, text: str | None) -> int:
    if text is None or not text.strip().isdigit():
        raise BadProfile(f"{path.name} line {line}: {text!r} is not a whole number")
    return int(text)
