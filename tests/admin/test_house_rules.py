"""What every page of the organizer keeps: no inline code, known files, the vendored bytes as they were fetched."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

import admin
from admin.assets import SHARED, SHARED_NAMES
from tests.admin.organizer import Organizer

ADMIN = Path(admin.__file__).parent
TEMPLATES = sorted((ADMIN / "templates").rglob("*.html"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_carries_no_inline_code(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:|\|\s*safe\b", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_posted_form_carries_the_sessions_token(path: Path) -> None:
    for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", path.read_text(), re.DOTALL):
        assert "f.token(csrf)" in form or 'name="csrf"' in form, form[:200]


def test_vendored_files_are_the_bytes_that_were_fetched() -> None:
    table = (ADMIN / "static/vendor/VENDOR.md").read_text()
    named = dict(re.findall(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", table, re.MULTILINE))
    files = {path.name: path for path in (ADMIN / "static/vendor").iterdir() if path.suffix != ".md"}
    assert named.keys() == files.keys()
    for name, digest in named.items():
        assert hashlib.sha256(files[name].read_bytes()).hexdigest() == digest


def test_the_design_is_the_fans_pages_own() -> None:
    for name in SHARED_NAMES:
        assert (SHARED / name).is_file()
        assert not (ADMIN / "static" / name).exists()


def test_every_colour_comes_from_the_tokens() -> None:
    css = (ADMIN / "static/admin.css").read_text()
    assert not re.search(r"#[0-9a-f]{3,8}\b|rgb\(|hsl\(", css)
    tokens = set(re.findall(r"(--[\w-]+):", (SHARED / "tokens.css").read_text()))
    assert set(re.findall(r"var\((--[\w-]+)", css)) <= tokens


async def test_pages_are_guarded_by_a_strict_policy(organizer: Organizer) -> None:
    page = await organizer.get("/")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Cache-Control"] == "private, no-store"


async def test_a_static_file_is_kept_for_a_year_and_a_strange_one_is_not_there(organizer: Organizer) -> None:
    page = await organizer.get("/")
    for path in re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text):
        answer = await organizer.get(path)
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]
        again = await organizer.get(path, **{"If-None-Match": answer.headers["ETag"]})
        assert again.status == 304
    version = re.search(r"/static/(v\w+)/", page.text)
    assert version
    for name in ("nothing.css", "..%2fapp.py", "%2e%2e/app.py"):
        assert (await organizer.get(f"/static/{version[1]}/{name}")).status == 404


async def test_what_does_not_exist_is_said_as_a_page_and_as_a_document(organizer: Organizer) -> None:
    page = await organizer.get("/nothing/here", Accept="text/html")
    assert page.status == 404
    assert "<h1>" in page.text
    page = await organizer.get("/nothing/here", Accept="application/json")
    assert page.headers["Content-Type"].startswith("application/problem+json")
    for path in ("/livez", "/readyz"):
        assert (await organizer.get(path)).status == 200
