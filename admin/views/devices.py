"""Scanners of an event: registered with a credential that is shown once, revoked at once; the entry rules."""

from __future__ import annotations

import io

import segno
from aiohttp import web
from markupsafe import Markup

from admin import reach
from admin.forms import devices as forms
from admin.forms import filled
from admin.forms.devices import DeviceForm, EntryRulesForm
from admin.visit import Visit, address
from engine.domain.catalogue.events import Event


async def list_all(visit: Visit) -> web.Response:
    return await _list(visit, await reach.event(visit, "devices.read"), filled.Filled())


async def create(visit: Visit) -> web.Response:
    """The page that this answers is the only one that ever shows the credential."""
    event = await reach.event(visit, "devices.write")
    form = filled.read(DeviceForm, visit.form)
    made = await form.carry_out(
        lambda typed: visit.services.gates.devices.create(visit.person, event.id, typed.name, typed.gate_names())
    )
    if made is None:
        return await _list(visit, event, form)
    device, secret = made
    credential = f"{device.id}.{secret}"
    return await visit.page(
        "devices/created.html", event=event, device=device, credential=credential, picture=_qr(credential), status=201
    )


async def revoke(visit: Visit) -> web.Response:
    event = await reach.event(visit, "devices.write")
    await visit.services.gates.devices.revoke(visit.person, event.id, visit.at("device"))
    return await visit.go(address("events", event.id, "devices"), "The scanner is revoked. It stops within a second.")


async def set_entry_rules(visit: Visit) -> web.Response:
    event = await reach.event(visit, "events.write")
    form = filled.read(EntryRulesForm, visit.form)
    before = await visit.services.gates.gate_events.rules(visit.person, event.id)
    rules = await form.carry_out(
        lambda typed: visit.services.gates.gate_events.set_rules(visit.person, event.id, typed.given(before))
    )
    if rules is None:
        return await _list(visit, event, filled.Filled(), form)
    return await visit.go(address("events", event.id, "devices"), "The doors have new rules.")


async def _list(
    visit: Visit,
    event: Event,
    form: filled.Filled[DeviceForm],
    entry_rules: filled.Filled[EntryRulesForm] | None = None,
) -> web.Response:
    rows = await visit.services.gates.devices.of_event(
        visit.person, event.id, visit.query.get("after", ""), reach.PAGE + 1
    )
    page, more = reach.cut(rows)
    rules = await visit.services.gates.gate_events.rules(visit.person, event.id)
    return await visit.page(
        "devices/list.html",
        event=event,
        devices=page,
        more=more,
        form=form,
        entry_rules=entry_rules or forms.of(rules),
        may_write=await visit.may(event.organization_id, "devices.write"),
        may_rule=await visit.may(event.organization_id, "events.write"),
        status=422 if form.has_faults or (entry_rules is not None and entry_rules.has_faults) else 200,
    )


def _qr(text: str) -> Markup:
    """A QR as inline SVG that a gate's camera reads off the screen: dark on white in either scheme."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, omitsize=True, svgclass="qr", lineclass=None, light="#fff", border=4
    )
    return Markup(out.getvalue().decode())  # noqa: S704 - drawn by the library, no text in it
