"""One generator process: `python -m loadtest.drive PLAN` walks the plan's buyers with Locust and writes the record.

Locust stands on gevent, which patches the standard library: that happens here, in a process of its own.
"""

from gevent import monkey

monkey.patch_all()

import gc  # noqa: E402 - after the patch
import logging  # noqa: E402
import resource  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from geventhttpclient.client import HTTPClientPool  # noqa: E402
from locust import LoadTestShape, User  # noqa: E402
from locust.env import Environment  # noqa: E402

from loadtest import limits  # noqa: E402
from loadtest import plan as plans  # noqa: E402
from loadtest.shapes.recorded import RecordedOnSale  # noqa: E402
from loadtest.users.buyer import Buyer  # noqa: E402
from loadtest.users.gate import Gate  # noqa: E402
from loadtest.users.rehearsal import Rehearsal  # noqa: E402


def main() -> int:
    logging.getLogger("locust").setLevel(logging.ERROR)
    _lift_open_files()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)  # a full collection over a hundred thousand samples takes 100 ms
    rehearsal = Rehearsal(plans.read(Path(sys.argv[1])))
    if len(rehearsal.plan.arrivals_s) > limits.OWN_CONNECTIONS_BUYERS_MAX:
        Buyer.client_pool = HTTPClientPool(
            concurrency=limits.OWN_CONNECTIONS_BUYERS_MAX,
            connection_timeout=limits.NETWORK_TIMEOUT_S,
            network_timeout=limits.NETWORK_TIMEOUT_S,
        )
    users: list[type[User]] = [Buyer, Gate] if rehearsal.gates else [Buyer]
    shape: LoadTestShape = RecordedOnSale()  # type: ignore[no-untyped-call]
    environment: Any = Environment(user_classes=users, shape_class=shape, stop_timeout=0)
    environment.rehearsal = rehearsal
    runner = environment.create_local_runner()
    try:
        runner.start_shape()
        runner.shape_greenlet.join()
    finally:
        rehearsal.record.write(Path(rehearsal.plan.out))
    for failure in runner.exceptions.values():
        print(failure["count"], failure["msg"], failure["traceback"], file=sys.stderr)
    return 1 if runner.exceptions else 0


def _lift_open_files() -> None:
    """Each buyer holds a few connections; the soft limit of 1,024 ends at some 300 of them."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    sys.exit(main())
