"""The recorded surge is offered exactly as it was recorded."""

from __future__ import annotations

from collections import Counter

import pytest

from loadtest.arrivals import BadProfile, read_profile, schedule


def test_the_emf_profile_has_967_reservations_over_17_seconds():
    profile = read_profile("emf_2026_03_09")
    assert (profile.total, len(profile.per_second), profile.peak) == (967, 17, 134)


@pytest.mark.parametrize("multiplier", [1, 10])
def test_every_second_gets_exactly_its_reservations_times_the_multiplier(multiplier):
    recorded = read_profile("emf_2026_03_09")
    instants = schedule(recorded.times(multiplier), seed=5)
    assert instants == sorted(instants)
    assert len(instants) == 967 * multiplier
    per_second = Counter(int(instant) for instant in instants)
    assert [per_second[second] for second in range(17)] == [count * multiplier for count in recorded.per_second]


def test_arrivals_are_spread_inside_their_second_and_repeatable():
    profile = read_profile("emf_2026_03_09")
    once, again, other = schedule(profile, 1), schedule(profile, 1), schedule(profile, 2)
    assert once == again != other
    busiest = [instant - 5 for instant in once if 5 <= instant < 6]
    assert len({int(instant * 10) for instant in busiest}) == 10


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a,b\n1,2\n", "must name the columns"),
        ("second,reservations\n0,x\n", "line 2"),
        ("second,reservations\n0,5\n0,5\n", "repeated"),
        ("second,reservations\n999999,5\n", "too late"),
        ("second,reservations\n0,0\n", "nobody comes"),
        ("second,reservations\n0,-1\n", "not a whole number"),
    ],
)
def test_a_broken_profile_is_refused_with_its_line(tmp_path, text, complaint):
    path = tmp_path / "own.csv"
    path.write_text(text)
    with pytest.raises(BadProfile, match=complaint):
        read_profile(str(path))


def test_an_unknown_profile_is_refused_with_the_known_ones():
    with pytest.raises(BadProfile, match="emf_2026_03_09"):
        read_profile("woodstock")
    with pytest.raises(BadProfile):
        read_profile("emf_2026_03_09").times(0)


def test_a_profile_of_ones_own_may_have_quiet_seconds(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("second,reservations\n3,2\n0,1\n")
    assert read_profile(str(path)).per_second == (1, 0, 0, 2)
