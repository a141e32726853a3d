"""Organizers give their events pictures, a film and formatted text, and their organization a logo."""

from __future__ import annotations

import os

import pytest
from aiohttp import FormData
from playwright.async_api import Browser, expect
from yarl import URL

from tests import pictures
from tests.admin.browsing import page_of
from tests.admin.organizer import PASSWORD, Organizer, Page
from tests.pictures import made, scene

PICTURES = os.environ.get("ONSALE_PICTURES")  # a folder for screenshots, for anybody who wants to look


async def send(organizer: Organizer, path: str, file: bytes | None, **fields: str) -> Page:
    token = (await organizer.get("/account")).token
    form = FormData()
    for name, value in {"alt": "The band", "csrf": token, **fields}.items():
        form.add_field(name, value)
    if file is not None:
        form.add_field("file", file, filename="band.jpg", content_type="image/jpeg")
    async with organizer.client.post(organizer.base.join(URL(path)), data=form) as answer:
        return Page(answer.status, await answer.text(), answer.headers, answer.url)


@pytest.fixture
async def event(organizer, chart):
    _, _, event_id = await organizer.published(chart)
    return f"/events/{event_id}"


async def images_of(services, event: str):
    return await services.common.pool.fetch(
        "SELECT * FROM images WHERE event_id = $1 ORDER BY place", event.rpartition("/")[2]
    )


async def test_a_picture_is_added_described_moved_and_deleted_without_scripts(organizer, services, event):
    page = await send(organizer, event + "/pictures", made())
    assert "The picture is there" in page.words
    await send(organizer, event + "/pictures", made(scene(300, 300)), alt="The hall", focal_x="0.1")
    first, second = await images_of(services, event)
    assert (first["alt"], second["alt"], second["focal_x"]) == ("The band", "The hall", 0.1)
    page = await organizer.get(event + "/pictures")
    assert "2 of at most 20" in page.words
    shown = f"/media/{second['digest']}-300.webp"
    assert shown in page.text
    async with organizer.client.get(organizer.base.join(URL(shown))) as file:
        assert (file.status, file.content_type) == (200, "image/webp")
    at = f"{event}/pictures/{second['id']}"
    given = {"alt": "Seen from above", "focal_x": "0.5", "focal_y": "1", "place": "1", "version": "1"}
    assert "Saved" in (await organizer.post(at, {**given, "act": "earlier"})).words
    assert [row["id"] for row in await images_of(services, event)] == [second["id"], first["id"]]
    assert "Somebody else changed this" in (await organizer.post(at, {**given, "act": "cover"})).words
    assert "Saved" in (await organizer.post(at, {**given, "act": "cover", "version": "2"})).words
    cover = "SELECT cover_image_id FROM events WHERE id = $1"
    assert await services.common.pool.fetchval(cover, event.rpartition("/")[2]) == second["id"]
    assert "The picture is deleted" in (await organizer.post(at + "/delete", {"version": "3"})).words
    assert [row["id"] for row in await images_of(services, event)] == [first["id"]]
    assert (await organizer.get(shown)).status == 404


@pytest.mark.parametrize(
    ("file", "fields", "said"),
    [
        (pictures.SVG, {}, "Picture: Send a picture as JPEG, PNG, WebP or AVIF"),
        (made()[:-4000], {}, "Picture: This picture cannot be read to its end"),
        (None, {}, "Picture: Send the picture in a part that is called file"),
        (made(), {"alt": ""}, "What it shows: Required"),
    ],
    ids=["svg", "torn", "none", "undescribed"],
)
async def test_what_is_wrong_with_a_picture_stands_at_its_field(organizer, services, event, file, fields, said):
    page = await send(organizer, event + "/pictures", file, **fields)
    assert page.status == 422
    assert said in page.words
    assert not await images_of(services, event)


async def test_a_picture_needs_the_forms_token_and_the_right(organizer, somebody, services, event):
    assert (await send(organizer, event + "/pictures", made(), csrf="forged")).status == 403
    stranger = await somebody()
    assert (await send(stranger, event + "/pictures", made())).status == 404
    assert not await images_of(services, event)


async def test_a_logo_is_set_and_taken_away(organizer, services, event):
    organization_id = await services.common.pool.fetchval(
        "SELECT organization_id FROM events WHERE id = $1", event.rpartition("/")[2]
    )
    at = f"/o/{organization_id}"
    page = await send(organizer, at + "/logo", made(scene(200, 200)), alt="")
    assert "The logo is set" in page.words
    assert 'class="logo" src="/media/' in page.text
    assert "Not saved" in (await send(organizer, at + "/logo", pictures.SVG)).words
    assert "The logo is taken away" in (await organizer.post(at + "/logo/delete", {})).words
    assert await services.common.pool.fetchval("SELECT count(*) FROM images") == 0


async def test_a_description_is_previewed_as_visitors_read_it(organizer):
    page = await organizer.post("/text/preview", {"description": "**Loud** <script>x</script>"})
    assert page.text.strip() == "<p><strong>Loud</strong> &lt;script&gt;x&lt;/script&gt;</p>"


async def test_a_film_is_kept_under_one_address_and_others_are_refused(organizer, services, chart):
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id, chart)
    event_id = await organizer.event(organization_id, venue_id, video_url="https://youtu.be/dQw4w9WgXcQ?si=x")
    kept = await services.common.pool.fetchval("SELECT video_url FROM events WHERE id = $1", event_id)
    assert kept == "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
    fields = {"title": "T", "venue_id": venue_id, "starts_at": "2099-03-01T19:30", "ends_at": "2099-03-01T22:00",
              "currency": "CAD", "video_url": "https://films.test/1"}  # fmt: skip
    page = await organizer.post(f"/o/{organization_id}/events", fields)
    assert (page.status, "Film: Write the address of a film at YouTube or Vimeo" in page.words) == (422, True)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.xdist_group("browser")
async def test_a_picture_is_seen_before_it_is_sent_and_its_focus_is_set_by_click_and_by_keys(
    chromium: Browser, server, organizer, services, event, tmp_path
):
    page, complaints = await page_of(chromium, server)
    await page.goto("/sign-in")
    await page.get_by_label("E-mail").fill(organizer.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/")
    await page.goto(event + "/pictures")
    (tmp_path / "band.png").write_bytes(made(scene(1200, 800), "PNG"))
    form = page.locator("form[data-upload]")
    await form.get_by_label("Picture", exact=True).set_input_files(tmp_path / "band.png")
    preview = form.locator("[data-upload-preview]")
    await expect(preview).to_have_js_property("naturalWidth", 1200)
    box = await preview.bounding_box()
    await page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75)
    await form.get_by_label("What it shows").fill("Red and blue")
    down = form.get_by_label("Focal point from the top")
    assert abs(float(await down.input_value()) - 0.75) < 0.02
    await down.focus()
    await page.keyboard.press("End")
    if PICTURES:
        await page.screenshot(path=f"{PICTURES}/admin-picture-new.png", full_page=True)
    await form.get_by_role("button", name="Add it").click()
    await expect(page.get_by_text("1 of at most 20")).to_be_visible()
    [row] = await images_of(services, event)
    assert (row["alt"], row["focal_y"]) == ("Red and blue", 1.0)
    assert abs(row["focal_x"] - 0.25) < 0.02
    if PICTURES:
        await page.screenshot(path=f"{PICTURES}/admin-pictures.png", full_page=True)
    (tmp_path / "no.png").write_bytes(pictures.SVG)
    await form.get_by_label("Picture", exact=True).set_input_files(tmp_path / "no.png")
    await form.get_by_label("What it shows").fill("Nothing")
    await form.get_by_role("button", name="Add it").click()
    await expect(form.get_by_role("alert")).to_contain_text("Send a picture as JPEG, PNG, WebP or AVIF")
    await page.goto(event + "/settings")
    await page.get_by_label("Description").fill("# Line-up\n\n**Loud**")
    await expect(page.locator("#p-description h3")).to_have_text("Line-up")
    if PICTURES:
        await page.screenshot(path=f"{PICTURES}/admin-text.png", full_page=True)
    assert [said for said in complaints if "415" not in said] == []


async def test_a_plan_under_a_chart_lies_where_it_may_and_goes_with_its_files(organizer, services):
    organization_id = await organizer.organization()
    venue = await organizer.post(f"/o/{organization_id}/venues", {"name": "Opera", "timezone": "UTC"})
    at = f"/venues/{venue.url.path.split('/')[2]}/chart/plan"
    assert (await organizer.post(at + "/place", {"x": "1"})).status == 404  # there is none yet
    assert (await send(organizer, at, None)).status == 422
    for wrong in ({"span": "0"}, {"x": "nan"}, {"y": "1e9"}, {"opacity": "2"}, {"locked": "perhaps"}):
        assert (await send(organizer, at, made(), **wrong)).status == 422, wrong
    assert await services.common.pool.fetchval("SELECT count(*) FROM chart_plans") == 0
    assert (await send(organizer, at, made(), span="12", locked="true")).status == 201
    first = await services.common.pool.fetchval("SELECT digest FROM chart_plans")
    assert (await send(organizer, at, made(scene(300, 300)), span="12")).status == 201
    plan = await services.common.pool.fetchrow("SELECT * FROM chart_plans")
    assert (plan["width"], plan["span"], plan["locked"]) == (300, 12.0, False)
    kept = [file.name async for step in services.catalogue.pictures._files.listed() for file in step]
    assert not [name for name in kept if name.startswith(first)]
    assert await services.catalogue.pictures.missing() == await services.catalogue.pictures.strays() == []
    assert (await organizer.post(at + "/delete", {})).status == 204
    assert await services.catalogue.pictures.strays() == []
    deeds = await services.common.pool.fetch("SELECT action FROM audit_log WHERE action LIKE 'venue.plan%' ORDER BY id")
    assert [row["action"] for row in deeds] == ["venue.plan_put", "venue.plan_put", "venue.plan_deleted"]
