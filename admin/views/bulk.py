"""Several events of the list changed, published, taken back or deleted at once."""

from __future__ import annotations

from aiohttp import web

from admin import reach
from admin.forms import filled
from admin.forms.bulk import BulkForm
from admin.views import dashboard
from admin.visit import Visit
from engine.domain.catalogue.programme.bulk import BulkDone


async def run(visit: Visit) -> web.Response:
    """Do it; the list is shown again with what was done, and what was refused and why."""
    organization = await reach.organization(visit, "events.write")
    form = filled.read(BulkForm, visit.form)

    async def act(typed: BulkForm) -> BulkDone:
        change = typed.change() if typed.deed == "change" and typed.event else None
        return await visit.services.catalogue.bulk.run(visit.person, organization.id, typed.event, typed.deed, change)

    done = await form.carry_out(act)
    return await dashboard.events_page(visit, organization, form if done is None else filled.Filled(), done)
