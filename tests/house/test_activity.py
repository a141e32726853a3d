"""Whatever an operator changes leaves a line in the activity log, and every line can be said in words."""

from __future__ import annotations

import ast
import re

from admin.routes import ROUTES as ADMIN_ROUTES
from engine.domain.insight.activity import DEEDS, KINDS
from engine.web.routes import ROUTES
from tests.house import tree
from waitingroom.routes import ROUTES as ROOM_ROUTES

# What each state-changing call of an operator writes. A new call gets a row here, and its words in ``DEEDS``.
TIED = {
    "POST /v1/organizations/{organization_id}/members": {"member.invited"},
    "PUT /v1/organizations/{organization_id}/members/{user_id}": {"member.role_set"},
    "DELETE /v1/organizations/{organization_id}/members/{user_id}": {"member.removed"},
    "POST /v1/organizations/{organization_id}/invitations/{invitation_id}/resend": {"invitation.resent"},
    "DELETE /v1/organizations/{organization_id}/invitations/{invitation_id}": {"invitation.revoked"},
    "POST /v1/auth/2fa/verify": {"account.second_factor_on"},
    "DELETE /v1/auth/2fa": {"account.second_factor_off"},
    "GET /v1/auth/oauth/{provider}/callback": {"account.identity_added"},
    "DELETE /v1/users/me/identities/{identity_id}": {"account.identity_removed"},
    "POST /v1/auth/passkeys/register/verify": {"account.passkey_added"},
    "DELETE /v1/users/me/passkeys/{passkey_id}": {"account.passkey_removed"},
    "POST /v1/organizations/{organization_id}/api-keys": {"key.made"},
    "DELETE /v1/organizations/{organization_id}/api-keys/{key_id}": {"key.revoked"},
    "POST /v1/organizations/{organization_id}/webhook-endpoints": {"webhook.added"},
    "PATCH /v1/organizations/{organization_id}/webhook-endpoints/{endpoint_id}": {"webhook.changed"},
    "DELETE /v1/organizations/{organization_id}/webhook-endpoints/{endpoint_id}": {"webhook.removed"},
    "POST /v1/organizations/{organization_id}/webhook-endpoints/{endpoint_id}/rotate-secret": {
        "webhook.secret_rotated"
    },
    "POST /v1/organizations/{organization_id}/webhook-endpoints/{endpoint_id}/replay": {"webhook.replayed"},
    "PATCH /v1/organizations/{organization_id}": {"organization.changed"},
    "DELETE /v1/organizations/{organization_id}": {"organization.deleted"},
    "POST /v1/organizers/{organization_id}/events": {"event.created"},
    "POST /v1/promo-codes": {"promo.created"},
    "POST /v1/payments/refund": {"refund.requested"},
    "POST /v1/disputes/{dispute_id}/release": {"dispute.released"},
    "PATCH /v1/platform/flags": {"platform.switched_off", "platform.switched_on"},
    "PUT /v1/platform/featured": {"event.featured", "event.unfeatured"},
    "POST /v1/venues": {"venue.created"},
    "PATCH /v1/venues/{venue_id}": {"venue.changed"},
    "DELETE /v1/venues/{venue_id}": {"venue.deleted"},
    "PUT /v1/venues/{venue_id}/seating-chart": {"venue.chart_put"},
    "POST /v1/events": {"event.created"},
    "PATCH /v1/events/{event_id}": {"event.changed"},
    "DELETE /v1/events/{event_id}": {"event.deleted"},
    "POST /v1/events/{event_id}/copy": {"event.copied"},
    "POST /v1/events/{event_id}/publish": {"event.published"},
    "POST /v1/events/{event_id}/unpublish": {"event.unpublished"},
    "PUT /v1/events/{event_id}/publication": {"event.publication_planned"},
    "DELETE /v1/events/{event_id}/publication": {"event.publication_unplanned"},
    "POST /v1/events/{event_id}/series": {"series.created"},
    "POST /v1/series/{series_id}/publish": {"event.published"},
    "POST /v1/events/{event_id}/template": {"template.created"},
    "DELETE /v1/templates/{template_id}": {"template.deleted"},
    "POST /v1/templates/{template_id}/events": {"event.created"},
    "POST /v1/organizations/{organization_id}/events/import": {"events.imported"},
    "POST /v1/organizations/{organization_id}/events/bulk": {
        "event.changed", "event.published", "event.unpublished", "event.deleted"
    },
    "POST /v1/events/{event_id}/preview": {"event.preview_linked"},
    "POST /v1/events/{event_id}/archive": {"event.archived"},
    "POST /v1/events/{event_id}/restore": {"event.restored"},
    "POST /v1/events/{event_id}/cancel": {"event.cancelled"},
    "POST /v1/events/{event_id}/images": {"image.added"},
    "PATCH /v1/events/{event_id}/images/{image_id}": {"image.changed"},
    "DELETE /v1/events/{event_id}/images/{image_id}": {"image.deleted"},
    "PUT /v1/organizations/{organization_id}/logo": {"organization.logo_put"},
    "DELETE /v1/organizations/{organization_id}/logo": {"organization.logo_deleted"},
    "POST /v1/events/{event_id}/ticket-types": {"ticket_type.created"},
    "PATCH /v1/ticket-types/{ticket_type_id}": {"ticket_type.changed"},
    "DELETE /v1/ticket-types/{ticket_type_id}": {"ticket_type.deleted"},
    "PUT /v1/events/{event_id}/on-sale": {"on_sale.put"},
    "PUT /v1/events/{event_id}/questions": {"event.questions_set"},
    "POST /v1/events/{event_id}/allotments": {"allotment.created"},
    "PATCH /v1/allotments/{allotment_id}": {"allotment.changed"},
    "DELETE /v1/allotments/{allotment_id}": {"allotment.released"},
    "POST /v1/events/{event_id}/box-office/orders": {"order.sold_at_box_office"},
    "POST /v1/events/{event_id}/guest-list": {"guest_list.read_in"},
    "POST /v1/events/{event_id}/cash-drawer/open": {"cash_drawer.opened"},
    "POST /v1/events/{event_id}/cash-drawer/close": {"cash_drawer.closed"},
    "POST /v1/events/{event_id}/units/block": {"units.blocked"},
    "POST /v1/events/{event_id}/units/unblock": {"units.unblocked"},
    "POST /v1/events/{event_id}/promo-codes": {"promo.created"},
    "PATCH /v1/promo-codes/{promo_id}": {"promo.changed"},
    "DELETE /v1/promo-codes/{promo_id}": {"promo.deleted"},
    "POST /v1/events/{event_id}/devices": {"device.created"},
    "DELETE /v1/events/{event_id}/devices/{device_id}": {"device.revoked"},
    "PUT /v1/events/{event_id}/entry-rules": {"entry_rules.set"},
    # Buyers come to these too; what staff do there is written with their name.
    "POST /v1/orders/{order_id}/cancel": {"order.cancelled"},
    "POST /v1/orders/{order_id}/refunds": {"refund.requested"},
    "POST /v1/orders/{order_id}/refund-requests": {"refund.asked"},
    "POST /v1/refund-requests/{request_id}/approve": {"refund.requested"},
    "POST /v1/refund-requests/{request_id}/decline": {"refund.declined"},
    "POST /v1/organizations/{organization_id}/connect": {"organization.connected"},
    "POST /v1/organizers/connect": {"organization.connected"},
    "POST /v1/orders/{order_id}/end-links": {"order.links_ended"},
    "POST /v1/orders/{order_id}/resend": {"order.resent"},
    "PATCH /v1/orders/{order_id}": {"order.corrected"},
    "PATCH /v1/tickets/{ticket_id}": {"ticket.attendee_named"},
    "POST /v1/tickets/{ticket_id}/reissue": {"ticket.reissued"},
    "POST /v1/tickets/{ticket_id}/transfer": {"ticket.transfer_started"},
    "POST /v1/transfers/{transfer_id}/accept": {"ticket.transferred"},
    "POST /v1/transfers/{transfer_id}/cancel": {"ticket.transfer_ended"},
    "POST /v1/organizations": {"organization.created"},
    "POST /v1/invitations/accept": {"member.added"},
    # The waiting room.
    "PATCH /v1/rooms/{event_id}/controls": {
        "room.paused", "room.resumed", "room.opened", "room.pace_set", "room.message_set", "room.beacon_set"
    },
    # The admin app: one of the deeds above, or of the platform's admins.
    "admin POST /organizations": {"organization.created"},
    "admin POST /o/settings": {"organization.changed"},
    "admin POST /o/webhooks": {"webhook.added", "webhook.changed"},
    "admin POST /o/webhooks/secret": {"webhook.secret_rotated"},
    "admin POST /o/webhooks/replay": {"webhook.replayed"},
    "admin POST /o/webhooks/delete": {"webhook.removed"},
    "admin POST /o/embedding": {"organization.changed"},
    "admin POST /o/policies": {"organization.policy_published"},
    "admin POST /policies": {"platform.policy_published"},
    "admin POST /o/disputes/release": {"dispute.released"},
    "admin POST /o/members": {"member.invited"},
    "admin POST /o/invitations/resend": {"invitation.resent"},
    "admin POST /o/invitations/revoke": {"invitation.revoked"},
    "admin POST /invitations/accept": {"member.added"},
    "admin POST /o/members/role": {"member.role_set"},
    "admin POST /o/members/remove": {"member.removed"},
    "admin POST /o/venues": {"venue.created"},
    "admin POST /venues": {"venue.changed"},
    "admin POST /venues/delete": {"venue.deleted"},
    "admin POST /venues/chart": {"venue.chart_put"},
    "admin POST /venues/chart/keep": {"venue.chart_put"},
    "admin POST /venues/chart/plan": {"venue.plan_put"},
    "admin POST /venues/chart/plan/delete": {"venue.plan_deleted"},
    "admin POST /o/events": {"event.created"},
    "admin POST /events/settings": {"event.changed"},
    "admin POST /events/copy": {"event.copied"},
    "admin POST /events/publish": {"event.published"},
    "admin POST /events/checkout": {"event.questions_set"},
    "admin POST /events/unpublish": {"event.unpublished"},
    "admin POST /events/plan": {"event.publication_planned"},
    "admin POST /events/unplan": {"event.publication_unplanned"},
    "admin POST /events/dates": {"series.created"},
    "admin POST /events/dates/publish": {"event.published"},
    "admin POST /events/template": {"template.created"},
    "admin POST /o/templates/delete": {"template.deleted"},
    "admin POST /o/templates/events": {"event.created"},
    "admin POST /o/import": {"events.imported"},
    "admin POST /o/events/bulk": {"event.changed", "event.published", "event.unpublished", "event.deleted"},
    "admin POST /events/preview": {"event.preview_linked"},
    "admin POST /events/archive": {"event.archived"},
    "admin POST /events/restore": {"event.restored"},
    "admin POST /events/cancel": {"event.cancelled"},
    "admin POST /events/delete": {"event.deleted"},
    "admin POST /events/pictures": {"image.added", "image.changed"},
    "admin POST /events/pictures/delete": {"image.deleted"},
    "admin POST /o/logo": {"organization.logo_put"},
    "admin POST /o/logo/delete": {"organization.logo_deleted"},
    "admin POST /events/ticket-types": {"ticket_type.created", "ticket_type.changed"},
    "admin POST /events/ticket-types/delete": {"ticket_type.deleted"},
    "admin POST /events/on-sale": {"on_sale.put"},
    "admin POST /events/allotments": {"allotment.created", "allotment.changed"},
    "admin POST /events/allotments/release": {"allotment.released"},
    "admin POST /events/box-office": {"order.sold_at_box_office"},
    "admin POST /events/box-office/drawer/open": {"cash_drawer.opened"},
    "admin POST /events/box-office/drawer/close": {"cash_drawer.closed"},
    "admin POST /events/guests": {"guest_list.read_in"},
    "admin POST /events/blocked": {"units.blocked"},
    "admin POST /events/blocked/free": {"units.unblocked"},
    "admin POST /events/discounts": {"event.changed"},
    "admin POST /events/promos": {"promo.created"},
    "admin POST /events/promos/status": {"promo.changed"},
    "admin POST /events/promos/delete": {"promo.deleted"},
    "admin POST /events/orders/cancel": {"order.cancelled"},
    "admin POST /events/orders/resend": {"order.resent"},
    "admin POST /events/orders/correct": {"order.corrected"},
    "admin POST /events/orders/refunds": {"refund.requested"},
    "admin POST /o/refund-requests/approve": {"refund.requested"},
    "admin POST /o/refund-requests/decline": {"refund.declined"},
    "admin POST /events/orders/send-again": {"order.sent_again"},
    "admin POST /events/devices": {"device.created"},
    "admin POST /events/devices/revoke": {"device.revoked"},
    "admin POST /events/doors": {"entry_rules.set"},
    "admin POST /events/console/controls": {"room.paused", "room.resumed", "room.opened", "room.pace_set"},
    "admin POST /featured": {"event.featured", "event.unfeatured"},
    "admin POST /complaints/dismiss": {"complaint.dismissed"},
    "admin POST /complaints/settle": {"complaint.acted"},
    "admin POST /events/hide": {"event.hidden"},
    "admin POST /events/bring-back": {"event.brought_back"},
    "admin POST /switches": {"platform.switched_off", "platform.switched_on"},
    "admin POST /account/factor/confirm": {"account.second_factor_on"},
    "admin POST /people/disable": {"account.disabled"},
    "admin POST /people/enable": {"account.enabled"},
    "admin POST /people/view": {"account.viewed_as"},
    "admin POST /view/end": {"account.view_ended"},
    "admin POST /o/payouts/connect": {"organization.connected"},
    "admin POST /o/keys": {"key.made"},
    "admin POST /o/keys/revoke": {"key.revoked"},
    "admin POST /o/suspend": {"organization.suspended"},
    "admin POST /o/reinstate": {"organization.reinstated"},
}  # fmt: skip
# Why a call that is no GET leaves no line of its own.
SILENT = {
    "admin POST /account/password": "a person's own account, nobody's organization",
    "admin POST /account/factor": "a person's own account; the key that was made is not asked for yet",
    "admin POST /account/verify": "a person's own account, nobody's organization",
    "admin POST /sign-out": "a person's own session",
    "admin POST /venues/chart/preview": "draws what was typed and keeps nothing",
    "admin POST /venues/chart/check": "looks for faults and keeps nothing",
    "admin POST /venues/chart/import": "reads a file and keeps nothing",
    "admin POST /venues/chart/plan/place": "where the picture to trace lies: nothing of the chart or of a sale",
    "admin POST /events/ticket-types/price": "says what a price comes to and keeps nothing",
    "admin POST /text/preview": "shows what was typed and keeps nothing",
    "admin POST /events/trial": "play money, gone when it is over; its deeds have lines of their own",
}
# Written for what happens by itself, or by the command line.
BY_ITSELF = {
    "admin.created", "event.completed", "event.publication_failed", "order.paid",
    "order.expired", "refund.succeeded", "refund.failed",
    "dispute.asked", "dispute.opened", "dispute.won", "dispute.lost", "mail.refused",
    "webhook.switched_off",
}  # fmt: skip
_DEED = re.compile(r"[a-z_]+\.[a-z_]+\Z")
_IN_SQL = re.compile(r"'((?:order|refund|dispute)\.[a-z_]+)'")


def _operator_calls() -> set[str]:
    calls = {
        f"{route.method} {route.path}"
        for route in ROUTES
        if route.method != "GET" and route.who in {"organizer", "admin"}
    }
    calls |= {
        f"{route.method} {route.path}" for route in ROOM_ROUTES if route.method != "GET" and route.who == "operator"
    }
    return calls | {
        f"admin {route.method} " + re.sub(r"/\{\w+(?::(?:[^{}]|\{\d+\})*)?\}", "", route.path)
        for route in ADMIN_ROUTES
        if route.method != "GET"
    }


def _constants(node: ast.AST) -> set[str]:
    return {
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and _DEED.match(part.value)
    }


def _recorded() -> set[str]:
    """Every action that some code writes: said in the call, or handed to it under the name ``action``."""
    found: set[str] = set()
    for path in tree.files(".py", under=("engine/services", "engine/stores", "waitingroom")):
        text = tree.text(path)
        if "activity.record(" not in text and "audit_log" not in text and "def deeds(" not in text:
            continue
        found |= set(_IN_SQL.findall(text)) if "audit_log" in text else set()
        for node in ast.walk(tree.parsed(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "activity.record":
                found |= _constants(node.args[2]) | _of_table(node.args[2], tree.parsed(path))
            elif isinstance(node, ast.keyword | ast.Assign) and _is_action(node):
                found |= _constants(node.value)
            elif isinstance(node, ast.FunctionDef) and node.name == "deeds":
                found |= _constants(node)
    # ``'order.' || $2`` of closing an order: it is cancelled or has run out.
    return found | {"order.cancelled", "order.expired"}


def _of_table(said: ast.AST, module: ast.Module) -> set[str]:
    """The values of a table of the module that the action is looked up in."""
    names = {part.id for part in ast.walk(said) if isinstance(part, ast.Name) and part.id.isupper()}
    tables = [node for node in module.body if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None]
    return {
        value
        for node in tables
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if ast.unparse(target) in names
        for value in _constants(node.value)
    }


def _is_action(node: ast.keyword | ast.Assign) -> bool:
    return (node.arg if isinstance(node, ast.keyword) else ast.unparse(node.targets[0])) == "action"


def test_every_call_of_an_operator_is_tied_to_a_deed_or_says_why_not():
    calls = _operator_calls()
    assert calls - TIED.keys() - SILENT.keys() == set(), "a new call of an operator: what does it leave in the log?"
    of_operators = {call for call in TIED.keys() | SILENT.keys() if call.startswith(("admin", "PATCH /v1/rooms"))}
    others = {f"{route.method} {route.path}" for route in ROUTES}
    assert (of_operators | SILENT.keys()) - calls == set(), "a call that is no more"
    assert TIED.keys() - calls - others == set(), "a call that is no more"


def test_every_deed_that_is_written_has_its_words_and_every_word_its_deed():
    recorded = _recorded()
    assert recorded - DEEDS.keys() == set(), "say it in words: engine/domain/insight/activity.py"
    assert DEEDS.keys() - recorded == set(), "nobody writes these any more"


def test_every_deed_belongs_to_a_call_or_happens_by_itself():
    tied = set().union(*TIED.values())
    assert tied <= DEEDS.keys()
    assert DEEDS.keys() - tied - BY_ITSELF == set()


def test_every_deed_is_about_one_thing_that_the_history_can_be_narrowed_to():
    kinds = [kind for about in KINDS.values() for kind in about]
    assert len(set(kinds)) == len(kinds)
    assert {deed.partition(".")[0] for deed in DEEDS} == set(kinds)


def test_the_rule_sees_a_deed_without_words():
    source = ast.parse('async def f(db, person):\n    await activity.record(db, person, "thing.done", "x")\n')
    call = next(node for node in ast.walk(source) if isinstance(node, ast.Call))
    assert _constants(call.args[2]) == {"thing.done"}
