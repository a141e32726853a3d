"""The pages for people name files, commands, settings and metrics that exist."""

from __future__ import annotations

import re
import subprocess

import msgspec
import pytest

import hotpath_rs
from loadtest.sandbox.controls import Controls
from tests.house import tree

PAGES = [path for path in tree.files(".md") if path.name != "VENDOR.md" and "tests" not in path.parts]
_QUOTED = re.compile(r"`([^`\n]+)`")
_PAGE = re.compile(r"(?<![\w*{])(?:[\w.-]+/)*[\w-][\w.-]*\.md\b")
_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
_FLOORS = ("web", "services", "stores", "domain", "jobs", "pages", "foundation")
# Written by a command, not committed before it ran.
MADE = {"docs/BENCHMARKS.md"}


def _say(path):
    return tree.name(path)


def _exists(named: str, page) -> bool:
    if named in MADE:
        return True
    below = [tree.ROOT, page.parent, tree.ROOT / "engine", *(tree.ROOT / building for building in tree.BUILDINGS)]
    return any((folder / named).exists() or list(folder.glob(named)) for folder in below)


@pytest.mark.parametrize("page", PAGES, ids=_say)
def test_a_page_names_files_that_exist(page):
    named = {text.split(" ")[0] for text in _QUOTED.findall(tree.text(page))}
    paths = {
        text.rstrip("/")
        for text in named
        if re.fullmatch(r"[\w*.\-]+(/[\w*.\-]+)+/?", text)
        and (text.split("/")[0] in {*tree.TOP, *_FLOORS} or text.endswith((".py", ".lua", ".rs", ".md", ".json")))
    }
    missing = sorted(path for path in paths if not _exists(path, page))
    assert not missing


def test_whatever_page_a_text_names_is_in_the_repository():
    names = {tree.name(path) for path in tree.files(".md")} | MADE
    ends = {"/".join(parts[at:]) for parts in (name.split("/") for name in names) for at in range(len(parts))}
    texts = [path for path in tree.files() if not tree.vendored(path)]
    strangers = {
        (tree.name(path), page) for path in texts for page in _PAGE.findall(tree.text(path)) if _bare(page) not in ends
    }
    assert not strangers


def _bare(page: str) -> str:
    """Without the steps up from the folder of the text."""
    return "/".join(part for part in page.split("/") if part != "..")


def test_the_walks_name_functions_that_their_files_define():
    told = re.findall(r"`([\w/]+\.(?:py|rs))`\s+\*\*(\w+)\*\*", tree.text(tree.ROOT / "docs" / "ARCHITECTURE.md"))
    assert len(told) > 10, "the walks are told differently: the pattern is wrong"
    strangers = [
        (file, name)
        for file, name in told
        if not any(
            re.search(rf"\b(?:def|class|fn) {name}\b", path.read_text())
            for path in (tree.ROOT / file, tree.ROOT / "engine" / file)
            if path.exists()
        )
    ]
    assert not strangers


@pytest.mark.parametrize("page", PAGES, ids=_say)
def test_the_links_of_a_page_lead_somewhere(page):
    missing = [
        link for link in _LINK.findall(tree.text(page)) if not (page.parent / link).exists() and link not in MADE
    ]
    assert not missing


def test_every_decision_is_listed():
    folder = tree.ROOT / "docs" / "decisions"
    listed = set(_LINK.findall((folder / "README.md").read_text()))
    assert listed == {path.name for path in folder.glob("[0-9]*.md")}


def test_the_make_targets_that_pages_name_exist():
    makefile = (tree.ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {target for page in PAGES for target in re.findall(r"`?make ([a-z]+)\b[^\n]*?`", tree.text(page))}
    assert named <= targets, named - targets


def test_the_commands_that_pages_name_exist():
    from engine.cli import _parser

    usage = _parser().format_help()
    named = {
        word
        for page in PAGES
        for text in _QUOTED.findall(tree.text(page))
        for word in re.findall(r"^onsale ([a-z-]+)", text)
    }
    assert named, "no page names a command: the pattern is wrong"
    assert all(re.search(rf"^ +{word}\b", usage, re.MULTILINE) for word in named), named


def test_the_settings_that_pages_name_exist():
    told = set(re.findall(r"ONSALE_\w+", (tree.ROOT / "docs" / "ENVIRONMENT.md").read_text()))
    named = {name for page in PAGES for name in re.findall(r"ONSALE_[A-Z_]+[A-Z]", tree.text(page))}
    assert named <= told


def test_units_start_commands_that_exist_and_name_their_port():
    from engine.cli import _parser

    units = sorted((tree.ROOT / "deploy" / "systemd").glob("*.service"))
    commands = [re.search(r"^ExecStart=\S+/onsale (.+)$", unit.read_text(), re.MULTILINE).group(1) for unit in units]
    given = [vars(_parser().parse_args(command.split())) for command in commands]
    # Behind a proxy an app's public address has no port to listen on.
    assert sorted(one["port"] for one in given if "app" in one) == [8080, 8081, 8082]


def test_alerts_speak_of_metrics_that_exist():
    code = "".join(tree.text(path) for path in tree.files(".py", under=("engine", "waitingroom")))
    alerts = (tree.ROOT / "deploy" / "prometheus" / "alerts.yml").read_text()
    metrics = {name.removesuffix("_bucket") for name in re.findall(r"\bonsale_[a-z_]+", alerts)}
    assert metrics
    assert all(f'"{name}"' in code for name in metrics), metrics


def test_nothing_that_git_keeps_is_ignored_by_git():
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"],
        cwd=tree.ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == []


def test_the_chart_that_integrators_are_shown_is_one():
    page = (tree.ROOT / "docs" / "INTEGRATING.md").read_text()
    shown = re.search(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL).group(1)
    chart = hotpath_rs.SeatMap.parse(shown.encode())
    assert chart.units == 212
    assert chart.categories == ["Standard", "Premium", "Floor"]


def test_every_table_is_explained_and_no_other():
    schema = "".join(tree.text(path) for path in tree.files(".sql"))
    tables = set(re.findall(r"^CREATE TABLE (\w+)", schema, re.MULTILINE))
    told = (tree.ROOT / "docs" / "DATABASE.md").read_text()
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", told, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == tables
    assert set(re.findall(r"^    (\w+) [|}o]", told, re.MULTILINE)) <= tables


def test_every_switch_of_the_sandbox_is_explained():
    told = (tree.ROOT / "loadtest" / "README.md").read_text()
    assert [field.name for field in msgspec.structs.fields(Controls) if f"`{field.name}" not in told] == []
