"""Filling in pages as a browser without scripts does: read the form's hidden fields, send them back."""

from __future__ import annotations

import re
from typing import Any

from tests.pages.conftest import HTML, Client, Night

ADA = {"name": "Ada Lovelace", "email": "Ada@Example.com"}
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


async def page(client: Client, path: str, status: int = 200) -> str:
    response = await client.get(path, headers=HTML)
    assert response.status == status, await response.text()
    return await response.text()


def hidden(html: str) -> dict[str, str]:
    return dict(_HIDDEN.findall(html))


async def send(client: Client, path: str, html: str, fields: dict[str, Any], **more: Any) -> Any:
    """Post a page's form; redirects are shown, not followed."""
    known = {name: value for name, value in hidden(html).items() if name in {"csrf", "key"}}
    return await client.post(path, data={**known, **fields}, headers=HTML, allow_redirects=False, **more)


async def held(client: Client, night: Night, kind: int = 1, quantity: int = 2) -> str:
    """The checkout's address of a fresh hold."""
    path = f"/e/{night.slug}/shop"
    response = await send(client, path, await page(client, path), {f"q-{night.types[kind]}": str(quantity)})
    return response.headers["Location"]


async def bought(client: Client, night: Night) -> str:
    """The address of a paid order of two free tickets."""
    checkout = await held(client, night)
    response = await send(client, checkout, await page(client, checkout), ADA)
    return response.headers["Location"]
