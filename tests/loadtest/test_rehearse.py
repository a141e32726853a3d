"""A short rehearsal, end to end, against a shop that keeps the contract in memory and the payment sandbox."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAKE_SHOP = Path(__file__).with_name("fake_shop.py")


def first_line(command):
    child = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    return child, json.loads(child.stdout.readline())


@pytest.fixture
def rehearse(tmp_path):
    children = []

    def run(fault="none", *options):
        sandbox, ready = first_line(
            [sys.executable, "-m", "loadtest.sandbox", "--port", "0", "--webhook-secret", "whsec_t"]
        )
        children.append(sandbox)
        shop, shown = first_line([sys.executable, str(FAKE_SHOP), ready["url"], "0", fault])
        children.append(shop)
        profile = tmp_path / "short.csv"
        profile.write_text("second,reservations\n0,30\n1,60\n")
        command = [
            sys.executable, "-m", "loadtest.rehearse", str(profile), "--engine", shown["url"], "--waitingroom",
            shown["url"], "--stripe", ready["url"], "--event", "evt_1", "--device-id", "dev_1", "--out",
            str(tmp_path / "out"), *options,
        ]  # fmt: skip
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=90, check=False, cwd=ROOT,
            env=os.environ | {"ONSALE_DEVICE_SECRET": "s3cret"},
        )  # fmt: skip
        assert done.returncode in {0, 1}, done.stderr
        return done, json.loads((tmp_path / "out" / "verdict.json").read_text())

    yield run
    for child in children:
        child.kill()
        child.wait()


@pytest.mark.slow
def test_every_buyer_walks_from_the_room_to_the_gate(rehearse, tmp_path):
    done, judged = rehearse("none", "--processes", "2", "--abandon-share", "0.1", "--decline-share", "0.2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert judged["go"]
    assert judged["offered"] == 90
    assert judged["outcomes"]["paid"] + judged["outcomes"]["abandoned"] == 90
    assert judged["outcomes"]["abandoned"] > 0
    assert judged["scans"] == {"admit": judged["units_sold"]}
    pay = next(figures for figures in judged["steps"] if figures["step"] == "pay")
    assert pay["refused"] > 0, "declined cards are tried again with another"
    assert "GO" in (tmp_path / "out" / "report.html").read_text()
    assert not list((tmp_path / "out").glob("plan-*")), "plans carry the device's secret"
    assert "s3cret" not in done.stdout + done.stderr


@pytest.mark.slow
def test_a_unit_sold_twice_is_no_go_and_exit_status_1(rehearse):
    done, judged = rehearse("oversell")
    assert done.returncode == 1
    assert judged["units_doubled"] == ["7"]
    assert "oversold" in done.stdout


@pytest.mark.slow
def test_a_server_error_is_no_go_and_the_report_says_where_and_when(rehearse, tmp_path):
    done, judged = rehearse("error")
    assert done.returncode == 1
    assert f"{judged['errors_5xx']} answers were server errors (hold {judged['errors_5xx']})" in done.stdout
    assert "BROKEN  Server errors (5xx)" in done.stdout
    page = (tmp_path / "out" / "report.html").read_text()
    assert "NO-GO" in page
    assert "server error" in page.partition("What went wrong")[2].partition("</table>")[0]


@pytest.mark.slow
def test_a_rehearsal_told_to_stop_takes_its_shop_with_it(tmp_path):
    tmp_path.chmod(0o755)
    command = [sys.executable, "-m", "engine", "rehearse", "emf", "--out", str(tmp_path / "out")]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    log = tmp_path / "out" / "stack.log"
    deadline = time.monotonic() + 60
    while not (log.exists() and "answers at" in log.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "rehearse: stopped, and its shop with it\n")
    assert "stopping" in log.read_text()


@pytest.mark.slow
def test_shed_requests_come_back_and_are_counted_apart(rehearse):
    done, judged = rehearse("shed", "--multiplier", "2")
    assert done.returncode == 0, done.stdout
    assert judged["shed"] > 0
    assert judged["errors_5xx"] == 0
    assert judged["offered"] == 180


def test_a_shop_that_is_not_there_is_said_so():
    done = subprocess.run(
        [sys.executable, "-m", "loadtest.rehearse", "emf_2026_03_09", "--engine", "http://127.0.0.1:9",
         "--waitingroom", "http://127.0.0.1:9", "--stripe", "http://127.0.0.1:9", "--event", "evt_1"],
        capture_output=True, text=True, timeout=60, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 2
    assert "did not answer" in done.stderr


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_search_rehearses_again_and_again_and_reports_the_highest_multiplier_that_was_go(tmp_path):
    tmp_path.chmod(0o755)
    out = tmp_path / "out"
    (out / "x7").mkdir(parents=True)  # of an earlier search; it is no rehearsal of this one
    done = subprocess.run(
        [sys.executable, "-m", "engine", "rehearse", "emf", "--find-limit", "--quick", "--limit-runs", "2",
         "--p95-max-ms", "60000", "--out", str(out)],
        capture_output=True, text=True, timeout=880, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    judged = json.loads((out / "verdict.json").read_text())
    runs = judged["limit"]["runs"]
    assert [run["multiplier"] for run in runs] in ([1.0, 2.0], [1.0, 0.5])
    assert judged["limit"]["multiplier"] == max(run["multiplier"] for run in runs if run["go"])
    assert judged["asked"]["multiplier"] == judged["limit"]["multiplier"]
    for number, run in enumerate(runs, start=1):
        assert f"{number} of at most 2" in done.stdout
        assert (out / f"x{run['multiplier']:g}" / "report.html").exists()
    assert "How much it carries" in (out / "report.html").read_text()
    parts = {part["name"]: part for part in judged["spending"]["parts"]}
    for name in ("engine", "waitingroom", "worker", "redis", "postgres", "sandbox", "admin"):
        assert parts[name]["cpu_per_order_ms"] > 0, name
        assert parts[name]["rss_start_mib"] > 0, name
        assert parts[name]["rss_end_mib"] > 0, name


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["emf", "--find-limit", "--event", "evt_1"], "cannot be combined with --event"),
        (["emf", "--find-limit", "--engine", "http://127.0.0.1:9"], "a running shop needs"),
        (
            ["emf", "--find-limit", "--engine", "http://127.0.0.1:9", "--waitingroom", "http://127.0.0.1:9", "--stripe",
             "http://127.0.0.1:9", "--admin-email", "admin@example.org"],
            "did not answer",
        ),
        (["no_such_profile", "--find-limit"], "no profile no_such_profile; known ones are emf"),
    ],
)  # fmt: skip
def test_a_search_that_cannot_begin_says_why(words, said, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "loadtest.rehearse", *words, "--out", str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 2
    assert said in done.stderr
    assert not list(tmp_path.glob("verdict.json"))
