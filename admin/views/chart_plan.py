"""The picture that a chart is traced from, as the chart builder's scripts send it, lay it elsewhere, take it away."""

from __future__ import annotations

from aiohttp import web

from admin import frame, reach
from admin.forms import filled
from admin.forms.chart_plans import PlanForm
from admin.visit import Visit
from engine.domain.catalogue.media import plans
from engine.foundation import http
from engine.foundation.errors import Invalid
from engine.foundation.uploads import Upload


async def put(visit: Visit) -> web.Response:
    """The venue's plan from now on; its place comes along. 422 with what is wrong with the file or a number."""
    venue = await reach.venue(visit, "venues.write")
    place = _typed(visit).given()

    async def read() -> Upload:
        return Upload(visit.file, {})

    plan = await visit.services.catalogue.plans.put(visit.person, venue.id, place, read)
    return http.json(plans.shown(plan), 201, headers=frame.GUARDS)


async def move(visit: Visit) -> web.Response:
    venue = await reach.venue(visit, "venues.write")
    await visit.services.catalogue.plans.move(visit.person, venue.id, _typed(visit).given())
    return web.Response(status=204, headers=frame.GUARDS)


async def delete(visit: Visit) -> web.Response:
    venue = await reach.venue(visit, "venues.write")
    await visit.services.catalogue.plans.delete(visit.person, venue.id)
    return web.Response(status=204, headers=frame.GUARDS)


def _typed(visit: Visit) -> PlanForm:
    """The plan's place. Invalid at the field that is no number, or beyond its bounds."""
    form = filled.read(PlanForm, visit.form)
    if form.form is None:
        errors = [{"pointer": f"/{name}", "code": "wrong_value", "message": said} for name, said in form.errors.items()]
        raise Invalid("The place of the picture is not in order", errors=errors)
    return form.form
