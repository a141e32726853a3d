"""Pictures over HTTP: an event's, an organization's logo, and their files."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable

from aiohttp import web

from engine.domain.accounts.errors import OrganizationUnknown
from engine.domain.catalogue.errors import EventUnknown
from engine.domain.catalogue.media.images import (
    FILE_BYTES_MAX,
    KINDS,
    DarkroomAway,
    Image,
    ImageChange,
    ImageTypeRefused,
    ImageUnknown,
    NewImage,
    NewLogo,
    PicturesAway,
    TooManyImages,
    UploadsAtOnce,
    content_type,
)
from engine.foundation import http, lasting, uploads
from engine.foundation.batching import Overloaded
from engine.foundation.errors import Forbidden, Malformed, NotFound
from engine.foundation.lists import Page, PageQuery, listed
from engine.foundation.uploads import Upload
from engine.services.appkeys import IMAGES, LOGOS, PICTURES
from engine.web.auth import optional_person, person
from engine.web.forms import created, form, versioned
from engine.web.route import VERSIONED, Route


async def list_images(request: web.Request) -> web.Response:
    """An event's pictures in their order; a draft's only to its organizers."""
    event_id = request.match_info["event_id"]
    rows = await request.config_dict[IMAGES].of_event(optional_person(request), event_id)
    return listed(request, rows, lambda image: image.id)


async def add_image(request: web.Request) -> web.Response:
    """Add a picture (JPEG, PNG, WebP or AVIF up to 10 MB) to an event; its first becomes the cover.

    It is drawn again from its pixels in several sizes: what the file says of place and camera is not kept.
    """
    actor, images = person(request), request.config_dict[IMAGES]
    image = await images.add(actor, request.match_info["event_id"], _upload(request))
    return created(image, image.version, f"/v1/events/{image.event_id}/images/{image.id}")


async def read_image(request: web.Request) -> web.Response:
    """One picture of an event."""
    at = request.match_info
    image = await request.config_dict[IMAGES].get(optional_person(request), at["event_id"], at["image_id"])
    return versioned(request, image, image.version)


async def change_image(request: web.Request) -> web.Response:
    """Change what is sent: the description, the focal point, the place among the others, whether it is the cover."""
    actor, expected, at = person(request), http.version_expected(request), request.match_info
    given = await form(request, ImageChange)
    image = await request.config_dict[IMAGES].change(actor, at["event_id"], at["image_id"], expected, given)
    return versioned(request, image, image.version)


async def delete_image(request: web.Request) -> web.Response:
    """Remove a picture and its files; if it was the cover, the first of the others becomes it."""
    actor, expected, at = person(request), http.version_expected(request), request.match_info
    await request.config_dict[IMAGES].delete(actor, at["event_id"], at["image_id"], expected)
    return web.Response(status=204)


async def read_logo(request: web.Request) -> web.Response:
    """An organization's logo."""
    logo = await request.config_dict[LOGOS].get(request.match_info["organization_id"])
    return versioned(request, logo, logo.version)


async def put_logo(request: web.Request) -> web.Response:
    """Set the logo, as a picture of an event is sent; it stands next to the name of who sells."""
    actor, logos = person(request), request.config_dict[LOGOS]
    logo = await logos.put(actor, request.match_info["organization_id"], _upload(request))
    return versioned(request, logo, logo.version)


async def delete_logo(request: web.Request) -> web.Response:
    """Take the logo away."""
    await request.config_dict[LOGOS].delete(person(request), request.match_info["organization_id"])
    return web.Response(status=204)


async def read_picture(request: web.Request) -> web.Response:
    """The file of a picture in one size and kind, for ever the same."""
    name = request.match_info["name"]
    kind = content_type(name)
    body = await request.config_dict[PICTURES].read(name) if kind is not None else None
    if kind is None or body is None:
        raise NotFound
    return lasting.picture(request, name, body, kind)


def _upload(request: web.Request) -> Callable[[], Awaitable[Upload]]:
    return functools.partial(uploads.read, request, FILE_BYTES_MAX)


_OF_EVENT = "/v1/events/{event_id}/images"
_ONE = "/v1/events/{event_id}/images/{image_id}"
_LOGO = "/v1/organizations/{organization_id}/logo"
_WRITES = (Forbidden, EventUnknown)
_UPLOADS = (ImageTypeRefused, UploadsAtOnce, Overloaded, DarkroomAway, PicturesAway, Malformed)
ROUTES: tuple[Route, ...] = (
    Route("GET", _OF_EVENT, list_images, "public", "read", gives=Page[Image], query=PageQuery).refuses(
        EventUnknown, Malformed
    ),
    Route(
        "POST",
        _OF_EVENT,
        add_image,
        "organizer",
        "upload",
        needs="events.write",
        takes=NewImage,
        takes_file=True,
        gives=Image,
        status=201,
        repeats="always",  # the same file twice is one picture
    ).refuses(*_WRITES, TooManyImages, *_UPLOADS),
    Route("GET", _ONE, read_image, "public", "read", gives=Image).refuses(EventUnknown, ImageUnknown),
    Route(
        "PATCH", _ONE, change_image, "organizer", "operate", needs="events.write", takes=ImageChange, gives=Image
    ).refuses(*_WRITES, ImageUnknown, *VERSIONED),
    Route("DELETE", _ONE, delete_image, "organizer", "operate", needs="events.write", status=204).refuses(
        *_WRITES, ImageUnknown, *VERSIONED
    ),
    Route("GET", _LOGO, read_logo, "public", "read", gives=Image).refuses(ImageUnknown),
    Route(
        "PUT",
        _LOGO,
        put_logo,
        "organizer",
        "upload",
        needs="organization.write",
        takes=NewLogo,
        takes_file=True,
        gives=Image,
    ).refuses(Forbidden, OrganizationUnknown, *_UPLOADS),
    Route("DELETE", _LOGO, delete_logo, "organizer", "operate", needs="organization.write", status=204).refuses(
        Forbidden, OrganizationUnknown
    ),
    Route(
        "GET",
        "/media/{name}",
        read_picture,
        "public",
        "picture",
        content_type=KINDS["jpg"],
        also_gives=(KINDS["webp"],),
    ).refuses(NotFound, PicturesAway),
)
