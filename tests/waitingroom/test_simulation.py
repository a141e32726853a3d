"""The simulated on-sale says what the design promises, and its statistics can say no."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import orjson
import pytest

from waitingroom.simulate import main, uniformity


def test_a_simulated_crowd_polls_little_and_is_told_the_truth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "room.html"
    assert main(["--visitors", "60000", "--rate-per-min", "6000", "--capacity", "20000", "--out", str(out)]) == 0
    figures = orjson.loads(capsys.readouterr().out)
    assert figures["polls_per_person"] * 3 < figures["fixed_polls_per_person"]
    assert figures["leases_max"] <= 20_000
    assert figures["wait_error_mean_share"] < 0.15
    assert abs(figures["draw_chi_square_z"]) < 4
    assert abs(figures["draw_correlation_z"]) < 4
    assert out.read_text().count("<svg") == 5


def _rotated(seed: bytes, count: int) -> bytes:
    """A permutation that any single histogram takes for fair: everybody moves on by the same random step."""
    step = int.from_bytes(seed[:4], "big")
    return struct.pack(f"<{count}I", *((index + step) % count for index in range(count)))


def _early_first(seed: bytes, count: int) -> bytes:
    """Who came early is favoured a little."""
    chance = random.Random(seed)
    order = sorted(range(count), key=lambda index: chance.random() * count + index * 0.2)
    numbers = [0] * count
    for number, index in enumerate(order):
        numbers[index] = number
    return struct.pack(f"<{count}I", *numbers)


def test_the_statistics_tell_a_biased_draw_from_a_fair_one() -> None:
    assert abs(uniformity(rounds=400, cohort=100).correlation_z) < 4
    assert uniformity(rounds=400, cohort=100, shuffle=_early_first).correlation_z > 20
    assert abs(uniformity(rounds=400, cohort=100, shuffle=_rotated).chi_square_z) > 4
