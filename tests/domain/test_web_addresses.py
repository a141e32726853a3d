"""Names that stand in mails to strangers hold nothing that a mail reader makes a link of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from engine.domain.accounts import organizations
from engine.domain.catalogue import events, ticket_types, venues
from engine.foundation.errors import Invalid

LINKS = ("Win: evil.example/free", "https://evil.test", "Pay at www.evil", "evil\uff0ecom", "call 10.0.0.7 now")
NAMES = (
    "St.John's Passion",
    "Vol. 2: J.Smith & Friends",
    "8 p.m. at No. 10",
    "Dr.Motte",
    "Fr. 20.5. - So. 22.5.",
    "AC/DC",
)
PLACES: tuple[tuple[Callable[[Any], None], type[Any], str], ...] = (
    (organizations.fold, organizations.OrganizationChange, "name"),
    (organizations.fold, organizations.OrganizationChange, "legal_name"),
    (events.fold, events.EventChange, "title"),
    (venues.fold, venues.VenueChange, "name"),
    (venues.fold, venues.VenueChange, "address"),
    (venues.fold, venues.VenueChange, "city"),
    (ticket_types.fold, ticket_types.TicketTypeChange, "name"),
)


@pytest.mark.parametrize(("fold", "kind", "field"), PLACES)
def test_a_name_that_reads_as_a_link_is_refused_where_it_stands(
    fold: Callable[[Any], None], kind: type[Any], field: str
) -> None:
    for text in LINKS:
        with pytest.raises(Invalid) as refused:
            fold(msgspec.convert({field: text}, kind))
        assert [(each["pointer"], each["code"]) for each in refused.value.errors] == [(f"/{field}", "invalid_name")]


@pytest.mark.parametrize(("fold", "kind", "field"), PLACES)
def test_a_dot_alone_makes_no_link(fold: Callable[[Any], None], kind: type[Any], field: str) -> None:
    for text in NAMES:
        given = msgspec.convert({field: text}, kind)
        fold(given)
        assert getattr(given, field) == text
