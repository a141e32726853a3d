"""Pictures of events over HTTP: sent, described, put in order, shown, let go; and every file that is not one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from engine.domain.catalogue.media.images import FILE_BYTES_MAX
from engine.services import appkeys
from engine.services.catalogue.media.images import TURNS_MAX
from tests import pictures
from tests.pictures import made, opened, scene


def form(file: bytes | None = None, **fields: str) -> aiohttp.FormData:
    """A form without a file unless there is one."""
    if file is not None:
        return pictures.form(file, **fields)
    data = aiohttp.FormData()
    data.add_field("alt", "Nothing", content_type="text/plain")
    return data


@pytest.fixture
async def organizer(register):
    return await register()


@pytest.fixture
async def event_id(organizer):
    venue_id = await organizer.venue(organization_id := await organizer.organization())
    return (await organizer.event(organization_id, venue_id))["id"]


@pytest.fixture
def kept(settings):
    """The names of files that are kept."""
    root = Path(settings.media_dir)
    return lambda: sorted(path.name for path in root.rglob("*") if path.is_file())


async def add(organizer, event_id, file: bytes, **fields: str):
    return await organizer.ok("POST", f"/v1/events/{event_id}/images", status=201, data=form(file, **fields))


async def test_a_picture_is_shown_in_every_size_from_its_own_address_for_ever(organizer, guest, event_id, kept):
    image = await add(organizer, event_id, made(scene(2000, 1000)), focal_x="0.25")
    assert set(image["urls"]) == {"320", "640", "1280", "1920"} == set(image["webp_urls"])
    assert (image["width"], image["height"], image["alt"]) == (2000, 1000, "The band on stage")
    assert (image["focal_point"], image["cover"], image["place"]) == ({"x": 0.25, "y": 0.5}, True, 0)
    for kind, urls in {"image/jpeg": image["urls"], "image/webp": image["webp_urls"]}.items():
        for width, url in urls.items():
            answer = await guest.ask("GET", urlsplit(url).path)
            assert (answer.status, answer.content_type) == (200, kind)
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in answer.headers["Content-Security-Policy"]
            assert opened(await answer.read()).size == (int(width), int(width) // 2)
            again = await guest.ask("GET", urlsplit(url).path, headers={"If-None-Match": answer.headers["ETag"]})
            assert again.status == 304
    assert len(kept()) == 8


async def test_the_first_picture_is_the_cover_until_another_is_chosen(organizer, event_id):
    first = await add(organizer, event_id, made())
    second = await add(organizer, event_id, made(scene(500, 500)))
    event = await organizer.ok("GET", f"/v1/events/{event_id}")
    assert (event["cover_image_id"], event["cover"]["id"]) == (first["id"], first["id"])
    assert event["cover"]["paths"]["320"] == urlsplit(first["urls"]["320"]).path
    version = {"If-Match": f'"{event["version"]}"'}
    changed = await organizer.ok("PATCH", f"/v1/events/{event_id}", {"cover_image_id": second["id"]}, headers=version)
    assert (changed["cover"]["id"], changed["cover"]["width"]) == (second["id"], 500)
    gone = await organizer.ask(
        "DELETE", f"/v1/events/{event_id}/images/{second['id']}", headers={"If-Match": f'"{second["version"]}"'}
    )
    assert gone.status == 204
    assert (await organizer.ok("GET", f"/v1/events/{event_id}"))["cover_image_id"] == first["id"]


async def test_an_event_that_is_being_edited_may_be_given_a_picture_meanwhile(organizer, event_id):
    """What was read before the picture came still stands for the event in an edit; caches see another."""
    before = await organizer.etag(f"/v1/events/{event_id}")
    image = await add(organizer, event_id, made())
    assert await organizer.etag(f"/v1/events/{event_id}") != before
    given = {"cover_image_id": image["id"], "summary": "All night"}
    changed = await organizer.ok("PATCH", f"/v1/events/{event_id}", given, headers={"If-Match": before})
    assert (changed["summary"], changed["cover"]["id"]) == ("All night", image["id"])


async def test_no_event_shows_a_picture_of_another(organizer, event_id):
    other = (await organizer.event(*await _place(organizer)))["id"]
    stranger = await add(organizer, other, made())
    version = {"If-Match": "*"}
    document = await organizer.refused(
        "invalid", "PATCH", f"/v1/events/{event_id}", {"cover_image_id": stranger["id"]}, headers=version
    )
    assert document["errors"][0]["code"] == "unknown_image"
    path = f"/v1/events/{event_id}/images/{stranger['id']}"
    await organizer.refused("image_unknown", "PATCH", path, {"alt": "Mine"}, headers=version)
    await organizer.refused("image_unknown", "DELETE", path, headers=version)


async def _place(organizer):
    organization_id = await organizer.organization()
    return organization_id, await organizer.venue(organization_id)


async def test_pictures_are_put_in_order_and_described_again(organizer, event_id):
    ids = [(await add(organizer, event_id, made(scene(300 + n, 200))))["id"] for n in range(3)]
    path = f"/v1/events/{event_id}/images"
    etag = (await organizer.ask("GET", f"{path}/{ids[2]}")).headers["ETag"]
    change = {"place": 0, "alt": "Seen from above", "focal_point": {"x": 0.1, "y": 1.0}}
    moved = await organizer.ok("PATCH", f"{path}/{ids[2]}", change, headers={"If-Match": etag})
    assert (moved["place"], moved["alt"], moved["focal_point"]) == (0, "Seen from above", {"x": 0.1, "y": 1.0})
    assert [row["id"] for row in (await organizer.ok("GET", path))["data"]] == [ids[2], ids[0], ids[1]]
    await organizer.ok("PATCH", f"{path}/{ids[2]}", {"place": 19}, headers={"If-Match": "*"})
    listed = (await organizer.ok("GET", path))["data"]
    assert [(row["id"], row["place"]) for row in listed] == [(ids[0], 0), (ids[1], 1), (ids[2], 2)]
    await organizer.refused(
        "precondition_failed", "PATCH", f"{path}/{ids[2]}", {"alt": "X"}, headers={"If-Match": etag}
    )
    await organizer.refused("precondition_required", "PATCH", f"{path}/{ids[2]}", {"alt": "X"})


async def test_the_same_file_twice_is_one_picture(organizer, event_id, kept):
    first = await add(organizer, event_id, made())
    again = await add(organizer, event_id, made(), alt="Another word for it")
    assert again == first
    assert len(kept()) == 6


@pytest.mark.parametrize(
    ("file", "status", "code"),
    [
        (pictures.png_bomb(), 422, "image_too_many_pixels"),
        (pictures.moving("PNG"), 422, "image_moves"),
        (made()[:-4000], 422, "image_unreadable"),
        (pictures.SVG, 415, "image_type_refused"),
        (made(kind="GIF"), 415, "image_type_refused"),
        (b"", 422, "missing"),
        (None, 422, "missing"),
    ],
    ids=["bomb", "moving", "torn", "svg", "gif", "empty", "none"],
)
async def test_what_is_no_picture_is_refused_and_nothing_is_kept(organizer, event_id, kept, pool, file, status, code):
    answer = await organizer.ask("POST", f"/v1/events/{event_id}/images", data=form(file))
    document = await answer.json()
    assert answer.status == status, document
    assert code in {document["code"], *(error["code"] for error in document.get("errors", ()))}
    assert not kept()
    assert await pool.fetchval("SELECT count(*) FROM images") == 0
    assert (await organizer.ok("GET", f"/v1/events/{event_id}"))["version"] == 1


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"alt": " "}, "/alt"),
        ({"alt": "x" * 401}, "/alt"),
        ({"focal_x": "left"}, "/focal_x"),
        ({"focal_y": "1.1"}, "/focal_y"),
    ],
)
async def test_a_picture_says_what_it_shows(organizer, event_id, kept, fields, pointer):
    document = await organizer.refused("invalid", "POST", f"/v1/events/{event_id}/images", data=form(made(), **fields))
    assert [error["pointer"] for error in document["errors"]] == [pointer]
    assert not kept()


async def test_a_file_that_is_too_large_is_not_read_to_its_end(organizer, event_id, kept):
    await organizer.refused(
        "too_large", "POST", f"/v1/events/{event_id}/images", data=form(b"\xff\xd8\xff" + bytes(FILE_BYTES_MAX))
    )
    assert not kept()


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"{}", "application/json", "unsupported_media_type"),
        (b"--x\r\nnot a part", "multipart/form-data; boundary=x", "malformed"),
        (b"", "multipart/form-data", "malformed"),
    ],
)
async def test_a_body_that_is_no_form_is_refused(organizer, event_id, body, kind, code):
    await organizer.refused(code, "POST", f"/v1/events/{event_id}/images", data=body, headers={"Content-Type": kind})


async def test_only_who_may_write_an_event_gives_it_pictures(register, guest, organizer, event_id, kept):
    stranger = await register()
    path = f"/v1/events/{event_id}/images"
    assert (await stranger.ask("POST", path, data=form(made()))).status == 404
    assert (await guest.ask("POST", path, data=form(made()))).status == 401
    image = await add(organizer, event_id, made())
    assert (await stranger.ask("GET", path)).status == 404  # a draft
    assert (await guest.ask("DELETE", f"{path}/{image['id']}", headers={"If-Match": "*"})).status == 401
    assert len(kept()) == 6


async def test_fifty_uploads_at_once_are_worked_on_one_after_the_other(organizer, event_id, catalogue):
    """Those beyond the line are told before their bodies are read, with a time to come back."""

    async def send(number: int):
        answer = await organizer.ask("POST", f"/v1/events/{event_id}/images", data=form(made(scene(40 + number, 30))))
        return answer.status, answer.headers.get("Retry-After")

    answers = await asyncio.gather(*(send(number) for number in range(50)))
    assert [status for status, _ in answers].count(201) == TURNS_MAX
    assert {status for status, _ in answers} == {201, 429}
    assert all(after for status, after in answers if status == 429)
    assert not catalogue.app[appkeys.IMAGES]._uploads._turns
    assert (await add(organizer, event_id, made(scene(200, 100))))["place"] == TURNS_MAX


async def test_a_deleted_picture_takes_its_files_along_and_a_deleted_event_all_of_them(organizer, event_id, kept):
    image = await add(organizer, event_id, made())
    other = await add(organizer, event_id, made(scene(200, 200)))
    path = f"/v1/events/{event_id}/images/{image['id']}"
    assert (await organizer.ask("DELETE", path, headers={"If-Match": "*"})).status == 204
    assert len(kept()) == 2
    assert (await organizer.ask("GET", path)).status == 404
    assert (await organizer.ask("GET", urlsplit(image["urls"]["320"]).path)).status == 404
    assert (await organizer.ask("DELETE", f"/v1/events/{event_id}", headers={"If-Match": "*"})).status == 204
    assert not kept()
    assert (await organizer.ask("GET", urlsplit(other["urls"]["320"]).path)).status == 404


async def test_a_copied_event_shows_the_same_pictures_and_keeps_them_alone(organizer, event_id, kept):
    first = await add(organizer, event_id, made())
    original = await organizer.ok("GET", f"/v1/events/{event_id}")
    copy = await organizer.ok("POST", f"/v1/events/{event_id}/copy", {"starts_at": "2099-01-01T19:00:00Z"}, 201)
    assert copy["cover"]["paths"] == original["cover"]["paths"]
    assert copy["cover_image_id"] != first["id"]
    await organizer.ask("DELETE", f"/v1/events/{event_id}", headers={"If-Match": "*"})
    assert len(kept()) == 6
    assert (await organizer.ask("GET", copy["cover"]["paths"]["320"])).status == 200
    await organizer.ask("DELETE", f"/v1/events/{copy['id']}", headers={"If-Match": "*"})
    assert not kept()


@pytest.mark.parametrize("name", ["x.jpg", "..%2F..%2Fetc%2Fpasswd", "0" * 32 + "-320.svg", "0" * 32 + "-320.jpg"])
async def test_no_other_name_leads_to_a_file(guest, name):
    assert (await guest.ask("GET", f"/media/{name}")).status == 404


async def test_a_logo_stands_with_the_organization_in_its_events(organizer, guest, event_id, kept):
    organization_id = (await organizer.ok("GET", f"/v1/events/{event_id}"))["organization_id"]
    path = f"/v1/organizations/{organization_id}/logo"
    assert (await guest.ask("GET", path)).status == 404
    logo = await organizer.ok("PUT", path, data=form(made(scene(200, 200)), alt=""))
    name = (await organizer.ok("GET", f"/v1/organizations/{organization_id}"))["name"]
    assert (logo["alt"], logo["event_id"], logo["cover"]) == (name, None, False)
    assert (await organizer.ok("GET", f"/v1/events/{event_id}"))["organization"]["logo"]["id"] == logo["id"]
    second = await organizer.ok("PUT", path, data=form(made(scene(300, 300)), alt="A ring"))
    assert (await guest.ok("GET", path))["id"] == second["id"]
    assert len(kept()) == 2
    assert (await organizer.ask("DELETE", path)).status == 204
    assert not kept()
    assert (await organizer.ok("GET", f"/v1/events/{event_id}"))["organization"]["logo"] is None
    assert (await organizer.ask("DELETE", path)).status == 204
    await guest.refused("image_unknown", "GET", path)


def parts(*given: tuple[str, bytes]) -> bytes:
    """The body of a form: each part's head and what it holds."""
    return b"".join(b"--x\r\n" + head.encode() + b"\r\n\r\n" + held + b"\r\n" for head, held in given) + b"--x--\r\n"


NAMED = 'Content-Disposition: form-data; name="{}"'
A_FILE = (NAMED.format("file") + '; filename="a.jpg"', made(scene(20, 20)))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (parts(A_FILE, A_FILE), "malformed"),
        (parts(*[(NAMED.format(f"field{n}"), b"x") for n in range(21)]), "malformed"),
        (parts(("Content-Disposition: form-data", b"x")), "malformed"),
        (parts((NAMED.format("file") + "\r\nContent-Transfer-Encoding: base64", b"/9j/")), "malformed"),
        (parts((NAMED.format("file") + "\r\nContent-Encoding: gzip", b"\x1f\x8b")), "malformed"),
        (parts(("Content-Type: multipart/mixed; boundary=y", b"--y\r\n\r\nx\r\n--y--")), "malformed"),
        (parts((NAMED.format("alt"), b"x" * 9000), A_FILE), "too_large"),
        (parts((NAMED.format("alt"), b"\xff\xfe\0"), A_FILE), None),
    ],
    ids=["two files", "many parts", "nameless", "base64", "compressed", "nested", "long field", "no text"],
)
async def test_a_form_of_another_making_is_refused_or_read_as_far_as_it_can_be(organizer, event_id, kept, body, code):
    path, headers = f"/v1/events/{event_id}/images", {"Content-Type": "multipart/form-data; boundary=x"}
    if code is None:
        image = await organizer.ok("POST", path, status=201, data=body, headers=headers)
        assert image["alt"] == "\ufffd\ufffd"
    else:
        await organizer.refused(code, "POST", path, data=body, headers=headers)
        assert not kept()


async def test_a_body_that_breaks_off_keeps_nothing(organizer, event_id, kept, catalogue):
    """Half a form and then silence: the connection ends, and the next upload has its turn."""
    address = catalogue.server.make_url("/")
    _, writer = await asyncio.open_connection(address.host, address.port)
    head = (
        f"POST /v1/events/{event_id}/images HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {organizer.token}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n"
    )
    writer.write(head.encode() + parts(A_FILE)[:200])
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.close()
    await add(organizer, event_id, made())
    assert len(kept()) == 6
