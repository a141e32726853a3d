"""An event as search engines read it: schema.org in JSON-LD, as a data block that no browser runs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec
from markupsafe import Markup

from engine.domain.catalogue.event_news import Told
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.media import rich_text
from engine.foundation.local_time import zone
from engine.foundation.world.currencies import CURRENCIES
from engine.pages.catalogue.faces import Face
from engine.pages.catalogue.offers import Offer

# What schema.org calls our categories; the others are an Event.
_TYPES: Final = {
    "concert": "MusicEvent",
    "festival": "Festival",
    "theatre": "TheaterEvent",
    "dance": "DanceEvent",
    "comedy": "ComedyEvent",
    "film": "ScreeningEvent",
    "sports": "SportsEvent",
    "exhibition": "ExhibitionEvent",
    "conference": "BusinessEvent",
    "workshop": "EducationEvent",
    "family": "ChildrensEvent",
    "food": "FoodEvent",
    "community": "SocialEvent",
}
_AVAILABILITY: Final = {"plenty": "InStock", "few": "LimitedAvailability", "none": "SoldOut", "unknown": "InStock"}
_OPEN: Final = frozenset({"open", "queue"})


def block(
    event: Event, offers: list[Offer], face: Face, told: Told | None, *, url: str, images: list[str], seller: str
) -> Markup:
    """The whole ``<script>``. ``url``, ``images``, ``seller``: addresses of the page, its pictures, its organizer."""
    text = msgspec.json.encode(_event(event, offers, face, told, url=url, images=images, seller=seller)).decode()
    # Nothing in it may end the element that it stands in, whatever a title holds.
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup('<script type="application/ld+json">{}</script>').format(Markup(safe))  # noqa: S704 - escaped above


def _event(
    event: Event, offers: list[Offer], face: Face, told: Told | None, *, url: str, images: list[str], seller: str
) -> dict[str, Any]:
    here, venue = zone(event.timezone), event.venue
    said: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": _TYPES.get(event.category, "Event"),
        "name": event.title,
        "url": url,
        "startDate": event.starts_at.astimezone(here).isoformat(timespec="minutes"),
        "endDate": event.ends_at.astimezone(here).isoformat(timespec="minutes"),
        "eventStatus": f"https://schema.org/{_status(event, told)}",
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "image": images,
        "location": {
            "@type": "Place",
            "name": venue.name,
            "address": {
                "@type": "PostalAddress",
                "streetAddress": venue.address,
                "addressLocality": venue.city,
                "addressRegion": venue.region,
                "addressCountry": venue.country,
            },
        },
        "organizer": {"@type": "Organization", "name": event.organization.name, "url": seller},
        "offers": [_offer(event, offer, face, url) for offer in offers],
    }
    if description := event.summary or rich_text.plain(event.description):
        said["description"] = description
    if venue.lat is not None and venue.lng is not None:
        said["location"]["geo"] = {"@type": "GeoCoordinates", "latitude": venue.lat, "longitude": venue.lng}
    if told is not None and told.kind == "changed":
        said["previousStartDate"] = told.before.starts_at.astimezone(zone(told.before.timezone)).isoformat(
            timespec="minutes"
        )
    return said


def _status(event: Event, told: Told | None) -> str:
    if event.status == "cancelled":
        return "EventCancelled"
    return "EventRescheduled" if told is not None and told.kind == "changed" else "EventScheduled"


def _offer(event: Event, offer: Offer, face: Face, url: str) -> dict[str, Any]:
    """A ticket type. Its price is all-in, as everything that we show is."""
    currency = CURRENCIES[event.currency]
    amount = Decimal(offer.price.total_cents) / currency.unit
    said = {
        "@type": "Offer",
        "name": offer.name,
        "price": f"{amount:.{currency.digits}f}",
        "priceCurrency": event.currency,
        "availability": f"https://schema.org/{_availability(offer, face)}",
        "url": url,
    }
    if event.on_sale is not None:
        said["validFrom"] = event.on_sale.opens_at.isoformat(timespec="minutes")
    return said


def _availability(offer: Offer, face: Face) -> str:
    if face.kind in {"soon", "queue_soon"}:
        return "PreOrder"
    return _AVAILABILITY[offer.level] if face.kind in _OPEN else "SoldOut"
