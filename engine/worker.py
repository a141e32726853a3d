"""The worker's process: the background jobs, each in its own loop, one bounded step at a time.

Several workers may run: every job takes its work with SKIP LOCKED or an atomic script.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections.abc import AsyncIterator

from engine.foundation import logs, metrics
from engine.jobs import all_jobs, bounce_inlet
from engine.jobs.job import Job
from engine.services.wiring import Services, open_services
from engine.settings import Settings

FAILURE_DELAY_S = 1.0
STOP_TIMEOUT_S = 8.0

_log = logs.get("worker")


async def work(settings: Settings) -> int:
    """Run every job until SIGINT or SIGTERM; a step under way is finished first."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if settings.worker_metrics_port:
        metrics.serve(settings.worker_metrics_port)
    async with open_services(settings) as services, _inlet(settings, services):
        loops = [asyncio.create_task(_keep_doing(job, stop)) for job in all_jobs(services)]
        await stop.wait()
        _, late = await asyncio.wait(loops, timeout=STOP_TIMEOUT_S)
        for task in late:
            task.cancel()
    return 0


@contextlib.asynccontextmanager
async def _inlet(settings: Settings, services: Services) -> AsyncIterator[None]:
    """Where mail comes back to, if it is told to come here."""
    if not (settings.bounce_port and settings.bounce_domain):
        yield
        return
    async with bounce_inlet.listening(
        services.messages.notifications,
        host=settings.bounce_host,
        port=settings.bounce_port,
        domain=settings.bounce_domain,
    ):
        yield


async def _keep_doing(job: Job, stop: asyncio.Event) -> None:
    while not stop.is_set():
        delay_s = job.interval_s * random.uniform(0.9, 1.1)  # noqa: S311 - jitter, not a secret
        try:
            if await job.step() > 0:
                delay_s = 0.0
        except Exception as error:  # noqa: BLE001 - a job that fails is tried again; the others go on
            _log.warning("job_failed", job=job.name, error=repr(error))
            delay_s = FAILURE_DELAY_S
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(delay_s, 0.001)):
                await stop.wait()
