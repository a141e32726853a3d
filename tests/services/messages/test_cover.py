"""The cover of an event heads the mails about its orders, at an address that stays."""

from __future__ import annotations

from urllib.parse import urlsplit

from engine.foundation.bearer import Person
from engine.foundation.uploads import Upload
from tests import pictures
from tests.shop import Shop


async def _mailed(shop: Shop) -> str:
    await shop.paid(1)
    await shop.work("outbox_relay")
    body = shop.mailbox.messages[-1].get_body(("html",))
    assert body is not None
    return body.get_content()


async def test_a_mail_of_tickets_begins_with_the_cover(shop: Shop, settings):
    await shop.open_event()

    async def read() -> Upload:
        return Upload(pictures.made(), {"alt": "Red & blue"})

    image = await shop.services.catalogue.images.add(Person("usr_1", is_admin=True), shop.event_id, read)
    html = await _mailed(shop)
    assert f'<img src="{image.urls["640"]}" width="600" alt="Red &amp; blue"' in html
    shown = await shop.ask("GET", urlsplit(image.urls["640"]).path)
    assert (shown.status, shown.headers["Content-Type"]) == (200, "image/jpeg")


async def test_a_mail_looks_like_its_organization(shop: Shop):
    await shop.open_event()

    async def read() -> Upload:
        return Upload(pictures.made(), {"alt": "Red & blue"})

    logo = await shop.services.catalogue.logos.put(Person("usr_1", is_admin=True), shop.organization_id, read)
    await shop.services.common.pool.execute("UPDATE organizations SET accent = '#d6336c'")
    html = await _mailed(shop)
    assert f'<img src="{logo.urls["320"]}" height="48" alt="Red &amp; blue"' in html
    assert "background:#d6336c;color:#ffffff;text-decoration:none" in html


async def test_a_mail_about_an_event_without_a_picture_has_none(shop: Shop):
    await shop.open_event()
    assert "/media/" not in await _mailed(shop)
