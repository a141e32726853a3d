"""Bodies that the organizers' routes would take."""

from __future__ import annotations

from typing import Any

from tests.web.organizer import at


def bodies(ids: dict[str, str]) -> dict[str, Any]:
    """A body that its route would take, by the name of its Struct."""
    event = {"organization_id": ids["organization_id"], "venue_id": ids["venue_id"], "title": "T", "currency": "CAD",
             "starts_at": at(1), "ends_at": at(2)}  # fmt: skip
    return {
        "OrganizationChange": {"name": "Mine"},
        "NewMember": {"email": "a@b.test", "role": "owner"},
        "NewApiKey": {"name": "Mine", "scopes": ["orders.read"]},
        "RoleChange": {"role": "manager"},
        "NewVenue": {"organization_id": ids["organization_id"], "name": "V", "timezone": "UTC"},
        "VenueChange": {"name": "Mine"},
        "NewEvent": event,
        "EventChange": {"title": "Mine"},
        "EventPatch": {"title": "Mine", "message": "mine"},
        "EventCancel": {"message": "mine"},
        "EventCopy": {"starts_at": at(9)},
        "NewSeries": {"rrule": "FREQ=WEEKLY;COUNT=2"},
        "NewTemplate": {"name": "Mine"},
        "FromTemplate": {"starts_at": at(9)},
        "EventImport": {"csv": "external_id,title,venue,starts_at\n1,T,V,2027-01-01"},
        "Bulk": {"event_ids": [ids["event_id"]], "deed": "change", "change": {"category": "comedy"}},
        "PublicationPlan": {"publish_at": at(0.5)},
        "ImageChange": {"alt": "Mine"},
        "FlagsChange": {"checkout": True},
        "FeaturedChoice": {"event_ids": [ids["event_id"]]},
        "NewTicketType": {"name": "T", "price_cents": 1, "categories": ["Floor"]},
        "TicketTypeChange": {"price_cents": 1},
        "NewOnSale": {"opens_at": at(2)},
        "NewAllotment": {"name": "Mine", "section": "Floor", "quantity": 1},
        "AllotmentChange": {"open_to": ["me"]},
        "CounterOrder": {
            "items": [{"ticket_type_id": ids.get("ticket_type_id", ""), "quantity": 1}],
            "payment": {"kind": "cash"},
        },
        "GuestList": {"guests": [{"name": "Mine", "type": ids.get("ticket_type_id", "")}], "dry_run": True},
        "DrawerOpening": {"float_cents": 100},
        "DrawerClosing": {"counted_cents": 100},
        "UnitsBlock": {"section": "Floor", "quantity": 1, "reason": "mine"},
        "UnitsUnblock": {"section": "Floor", "quantity": 1},
        "NewPromo": {"code": "MINE", "kind": "fixed", "value": 100},
        "QuestionsChange": {"questions": [{"label": "Mine"}]},
        "NewPromoOfEvent": {"event_id": ids["event_id"], "code": "MINE", "kind": "fixed", "value": 100},
        "PromoChange": {"status": "disabled"},
        "NewWebhookEndpoint": {"url": "https://hooks.example.test/in", "events": ["order.paid"]},
        "WebhookEndpointChange": {"url": "https://evil.example.test/in"},
        "Replay": {"since": at(-1)},
    }
