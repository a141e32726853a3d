"""Pictures of events and the logo of an organization: sent, described, put in order; formatted text in advance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from admin import reach
from admin.appkeys import SERVICES
from admin.forms import filled
from admin.forms.pictures import NewPictureForm, PictureForm
from admin.visit import Visit, address
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.media.images import IMAGES_PER_EVENT_MAX, Image, ImageTypeRefused, content_type
from engine.domain.fields import TEXT_CHARS_MAX
from engine.foundation import http, lasting
from engine.foundation.errors import Invalid, NotFound, PreconditionFailed
from engine.foundation.uploads import Upload


async def list_all(visit: Visit) -> web.Response:
    event = await reach.event(visit, "events.write")
    return await _page(visit, event, filled.Filled())


async def add(visit: Visit) -> web.Response:
    """Keep a picture. A script of ours is answered in JSON, refusals too."""
    event = await reach.event(visit, "events.write")
    form = filled.read(NewPictureForm, visit.form)

    async def act(typed: NewPictureForm) -> Image:
        return await visit.services.catalogue.images.add(visit.person, event.id, _read(typed.upload(visit.file)))

    if visit.is_script:
        image = await act(form.form or NewPictureForm())
        return http.json(image, 201)
    if await _taken(form, act) is None:
        return await _page(visit, event, form)
    return await visit.go(address("events", event.id, "pictures"), "The picture is there.")


async def change(visit: Visit) -> web.Response:
    """Describe it, move its focal point or its place, make it the cover."""
    event = await reach.event(visit, "events.write")
    form = filled.read(PictureForm, visit.form)
    images, image_id = visit.services.catalogue.images, visit.at("image")
    changed = await form.carry_out(
        lambda typed: images.change(visit.person, event.id, image_id, typed.version, typed.given())
    )
    if changed is None:
        text = " ".join([*form.errors.values(), *form.general])
        return await visit.go(address("events", event.id, "pictures"), f"Not saved. {text}", tone="bad")
    return await visit.go(address("events", event.id, "pictures"), "Saved.")


async def delete(visit: Visit) -> web.Response:
    event = await reach.event(visit, "events.write")
    path, version = address("events", event.id, "pictures"), visit.form.get("version", "")
    try:
        await visit.services.catalogue.images.delete(visit.person, event.id, visit.at("image"), version)
    except PreconditionFailed:
        return await visit.go(path, filled.MOVED_ON, tone="bad")
    return await visit.go(path, "The picture is deleted.")


async def put_logo(visit: Visit) -> web.Response:
    organization = await reach.organization(visit, "organization.write")
    form = filled.read(NewPictureForm, visit.form)
    logos = visit.services.catalogue.logos
    path = address("o", organization.id, "settings")

    async def act(typed: NewPictureForm) -> Image:
        return await logos.put(visit.person, organization.id, _read(typed.upload(visit.file)))

    if visit.is_script:
        return http.json(await act(form.form or NewPictureForm()), 201)
    if await _taken(form, act) is None:
        text = " ".join([*form.errors.values(), *form.general])
        return await visit.go(path, f"Not saved. {text}", tone="bad")
    return await visit.go(path, "The logo is set.")


async def delete_logo(visit: Visit) -> web.Response:
    organization = await reach.organization(visit, "organization.write")
    await visit.services.catalogue.logos.delete(visit.person, organization.id)
    return await visit.go(address("o", organization.id, "settings"), "The logo is taken away.")


async def preview_text(visit: Visit) -> web.Response:
    """A description as the event's page will show it."""
    return visit.piece("pictures/text.html", text=visit.form.get("description", "")[:TEXT_CHARS_MAX])


async def serve(request: web.Request) -> web.Response:
    """A picture's file, as the engine serves it: pages here load nothing from another origin."""
    name = request.match_info["name"]
    kind = content_type(name)
    body = await request.app[SERVICES].catalogue.pictures.read(name) if kind is not None else None
    if kind is None or body is None:
        raise NotFound
    return lasting.picture(request, name, body, kind)


def _read(upload: Upload) -> Callable[[], Awaitable[Upload]]:
    async def run() -> Upload:
        return upload

    return run


async def _taken(
    form: filled.Filled[NewPictureForm], act: Callable[[NewPictureForm], Awaitable[Image]]
) -> Image | None:
    """As ``carry_out``; a file that is no picture is a fault of its field too."""

    async def run(typed: NewPictureForm) -> Image:
        try:
            return await act(typed)
        except ImageTypeRefused as refusal:
            raise Invalid.at("/file", refusal.code, str(refusal.detail)) from refusal

    return await form.carry_out(run)


async def _page(visit: Visit, event: Event, form: filled.Filled[NewPictureForm]) -> web.Response:
    images = await visit.services.catalogue.images.of_event(visit.person, event.id)
    return await visit.page(
        "pictures/list.html", event=event, images=images, most=IMAGES_PER_EVENT_MAX, form=form, status=form.status
    )
