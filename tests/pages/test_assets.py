from __future__ import annotations

import re
from pathlib import Path

import engine.pages
from tests.pages.conftest import Client
from tests.pages.forms import page

FOLDER = Path(engine.pages.__file__).parent


async def test_a_versioned_file_is_kept_for_ever_and_a_plain_one_revalidated(engine: Client) -> None:
    url = re.search(r'href="(/static/v[0-9a-f]{12}/tokens\.css)"', await page(engine, "/"))
    assert url is not None
    kept = await engine.get(url.group(1))
    assert "immutable" in kept.headers["Cache-Control"]
    plain = await engine.get("/static/tokens.css")
    assert plain.headers["Cache-Control"] == "no-cache"
    again = await engine.get("/static/tokens.css", headers={"If-None-Match": plain.headers["ETag"]})
    assert again.status == 304


async def test_a_page_of_another_release_gets_this_ones_file_and_does_not_keep_it(engine: Client) -> None:
    other = await engine.get("/static/v000000000000/tokens.css")
    assert other.status == 200
    assert other.headers["Cache-Control"] == "no-cache"


async def test_files_outside_the_folder_cannot_be_asked_for(engine: Client) -> None:
    for path in ("../frame.py", "%2e%2e/frame.py", "v000000000000/frame.py", ""):
        response = await engine.get(f"/static/{path}")
        assert response.status == 404, path


async def test_scripts_import_only_files_that_exist(engine: Client) -> None:
    for script in (FOLDER / "static").rglob("*.js"):
        for name in re.findall(r'from "(\.[^"]+)"', script.read_text()):
            assert (script.parent / name).resolve().is_file(), f"{script.name} imports {name}"


def test_templates_have_no_inline_script_or_style() -> None:
    for template in (FOLDER / "templates").rglob("*.html"):
        if template.parent.name == "mail":
            continue
        text = template.read_text()
        assert not re.search(r"<script(?![^>]*(src=|application/json))", text), template.name
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=\"", text), template.name
