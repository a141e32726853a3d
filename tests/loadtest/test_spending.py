"""What the shop's own processes spent, read from real processes."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from loadtest import report, table
from loadtest.spending import NOT_OURS, PARTS, Meter, Spending, watched
from loadtest.verdict import judge
from tests.loadtest.judged import LEDGER, asked, record

BURN_S = 0.4
# A stack of two children; told by their command lines. The worker ends and is started again halfway.
STACK = """
    import subprocess, sys, time
    burn = '''import time
    block = bytearray({block})
    while time.process_time() < {burn}: pass
    print(flush=True)
    time.sleep({rest})'''
    def start(*words, burn_s, block=0, rest=60):
        code = burn.format(burn=burn_s, block=block, rest=rest)
        child = subprocess.Popen([sys.executable, "-c", code, *words], stdout=subprocess.PIPE)
        child.stdout.readline()
        return child
    engine = start("engine", "serve", "engine", burn_s=0, block=40_000_000)
    print("ready", flush=True)
    sys.stdin.readline()
    first = start("engine", "work", burn_s={burn_s}, rest=3)
    first.wait()
    second = start("engine", "work", burn_s={burn_s})
    print("again", flush=True)
    sys.stdin.readline()
    for child in (engine, second):
        child.kill()
        child.wait()
"""


@pytest.fixture
def stack(tmp_path):
    program = tmp_path / "stack.py"
    program.write_text(textwrap.dedent(STACK).replace("{burn_s}", str(BURN_S)))
    process = subprocess.Popen([sys.executable, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    yield process
    process.stdin.close()
    process.wait()


def tell(process):
    process.stdin.write("\n")
    process.stdin.flush()


def test_each_part_is_told_with_what_it_spent_and_one_that_was_started_again_with_both(stack):
    with watched(stack.pid) as meter:
        tell(stack)
        assert stack.stdout.readline() == "again\n"
        spent = meter.stop(10)
    parts = {part.name: part for part in spent.parts}
    assert tuple(parts) == PARTS
    worker, engine = parts["worker"], parts["engine"]
    assert worker.cpu_s >= 2 * BURN_S * 0.9
    assert worker.cpu_per_order_ms == pytest.approx(worker.cpu_s * 100, abs=0.01)
    assert (worker.processes, worker.rss_start_mib) == (1, None), "it was not there before"
    assert worker.rss_end_mib > 0
    assert engine.cpu_s < BURN_S
    assert (engine.processes, engine.rss_start_mib > 40, engine.rss_end_mib > 40) == (1, True, True)
    assert not parts["postgres"].measured
    assert spent.cpu_per_order_ms == pytest.approx(worker.cpu_per_order_ms + engine.cpu_per_order_ms, abs=0.01)


def test_without_an_order_nothing_is_divided(stack):
    with watched(stack.pid) as meter:
        spent = meter.stop(0)
    engine = next(part for part in spent.parts if part.name == "engine")
    assert (engine.measured, engine.cpu_per_order_ms, spent.cpu_per_order_ms) == (True, None, None)
    judged = judge(record(), asked(), LEDGER, spent=spent)
    assert "no order was paid" in report.render(judged, record())
    assert "mail catcher: no order" in table.render(judged)


def test_a_stack_that_has_ended_is_not_measured(stack):
    stack.stdin.close()
    stack.wait()
    meter = Meter(stack.pid)
    meter.start()
    spent = meter.stop(3)
    assert spent.unmeasured
    assert spent.parts == []


def test_a_shop_of_somebody_else_is_said_to_be_not_measured():
    with watched(None) as meter:
        assert meter is None
    judged = judge(record(), asked(), LEDGER)
    assert judged.spending == Spending(2, unmeasured=NOT_OURS)
    for text in (report.render(judged, record()), table.render(judged)):
        assert f"not measured, {NOT_OURS}" in text


def test_the_report_draws_what_an_order_cost_by_part(stack):
    with watched(stack.pid) as meter:
        spent = meter.stop(2)
    judged = judge(record(), asked(), LEDGER, spent=spent)
    page, told = report.render(judged, record()), table.render(judged)
    section = page.partition("What an order cost")[2].partition("<h2>")[0]
    assert section.count("<svg") == 1
    assert "not measured" in section, "no Postgres runs below this stack"
    assert "2 paid orders" in section
    assert "postgres     not measured" in told
    assert "MiB" in told
