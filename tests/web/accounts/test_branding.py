"""An organization's colour and the sites that may show its events, over the API."""

from __future__ import annotations

from tests.web.organizer import Someone


async def _patch(owner: Someone, path: str, code: str, body: object) -> dict:
    return await owner.refused(code, "PATCH", path, body, headers={"If-Match": '"1"'})


async def test_a_colour_and_sites_are_kept_and_taken_back(register):
    owner = await register()
    path = f"/v1/organizations/{await owner.organization()}"
    look = {"accent": "#D6336C", "embed_origins": ["https://www.example.com/", "https://www.example.com"]}
    changed = await owner.ok("PATCH", path, look, headers={"If-Match": '"1"'})
    assert (changed["accent"], changed["embed_origins"]) == ("#d6336c", ["https://www.example.com"])
    renamed = await owner.ok("PATCH", path, {"legal_name": "House Ltd"}, headers={"If-Match": '"2"'})
    assert (renamed["accent"], renamed["embed_origins"]) == ("#d6336c", ["https://www.example.com"])
    bare = await owner.ok("PATCH", path, {"accent": None, "embed_origins": []}, headers={"If-Match": '"3"'})
    assert (bare["accent"], bare["embed_origins"]) == (None, [])


async def test_what_cannot_be_read_or_is_no_site_is_refused_and_nothing_is_written(register):
    owner = await register()
    path = f"/v1/organizations/{await owner.organization()}"
    pale = await _patch(owner, path, "invalid", {"name": "New", "accent": "#ffd400"})
    assert pale["errors"][0] == {"pointer": "/accent", "code": "accent_contrast", "message": pale["detail"]}
    assert pale["suggestion"] in pale["detail"]
    for accent in ("red", "#fff", "#d6336c;", "#d6336c\n", 7):
        refused = await _patch(owner, path, "invalid", {"accent": accent})
        assert refused["errors"][0]["pointer"] == "/accent"
    sites = await _patch(owner, path, "invalid", {"embed_origins": ["https://a.example", "http://b.example"]})
    assert sites["errors"][0]["pointer"] == "/embed_origins/1"
    await _patch(owner, path, "invalid", {"embed_origins": [f"https://s{n}.example" for n in range(21)]})
    found = await owner.ok("GET", path)
    assert (found["version"], found["name"], found["accent"], found["embed_origins"]) == (1, found["name"], None, [])
    near = await owner.ok("PATCH", path, {"accent": pale["suggestion"]}, headers={"If-Match": '"1"'})
    assert near["accent"] == pale["suggestion"]
