"""A Redis Cluster of three masters with a replica each, on loopback."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

from engine.foundation import embedded
from engine.foundation.cluster import slot_of
from engine.foundation.connections import HotRedis

MASTERS, NODES = 3, 6
SLOTS = 16384
NODE_TIMEOUT_MS = 1000
FORMED_WITHIN_S = 30.0


@dataclass
class ClusterBox:
    """``nodes`` 0..2 began as masters, 3..5 as the replicas of 0..2."""

    folder: Path
    nodes: list[embedded.Server] = field(default_factory=list)
    buses: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.nodes[0].url + "?cluster=true"

    def port(self, number: int) -> int:
        return int(self.nodes[number].url.rpartition(":")[2].partition("/")[0])

    async def form(self) -> ClusterBox:
        for number in range(NODES):
            bus = str(embedded.free_port())
            extra = (
                "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-port", bus,
                "--cluster-node-timeout", str(NODE_TIMEOUT_MS), "--cluster-replica-validity-factor", "0",
            )  # fmt: skip
            self.buses.append(bus)
            self.nodes.append(embedded.start_valkey(self.folder / f"node-{number}", fsync="none", extra=extra))
        connections = [await HotRedis(node.url).open() for node in self.nodes]
        for number in range(1, NODES):
            await connections[0].command("CLUSTER", "MEET", "127.0.0.1", self.port(number), self.buses[number])
        for number in range(MASTERS):
            first, last = SLOTS * number // MASTERS, SLOTS * (number + 1) // MASTERS - 1
            await connections[number].command("CLUSTER", "ADDSLOTSRANGE", first, last)
        ids = [(await connection.command("CLUSTER", "MYID")).decode() for connection in connections]
        await self._until(connections, lambda info, _: f"cluster_known_nodes:{NODES}" in info)
        for number in range(MASTERS, NODES):
            await _patiently(connections[number], "CLUSTER", "REPLICATE", ids[number - MASTERS])
        await self._until(
            connections, lambda info, nodes: "cluster_state:ok" in info and nodes.count("slave") == MASTERS
        )
        for connection in connections[MASTERS:]:
            while b"master_link_status:up" not in await connection.command("INFO", "replication"):
                await asyncio.sleep(0.05)
        for connection in connections:
            await connection.close()
        return self

    async def master_of(self, key: bytes) -> int:
        """The number of the node that serves this key now."""
        for number, node in enumerate(self.nodes):
            if node.process.poll() is not None:
                continue
            connection = await HotRedis(node.url).open()
            rows = await connection.command("CLUSTER", "SLOTS")
            await connection.close()
            slot = slot_of(key)
            (port,) = [row[2][1] for row in rows if row[0] <= slot <= row[1]]
            return next(number for number in range(NODES) if self.port(number) == port)
        raise AssertionError("no node lives")

    def kill(self, number: int) -> None:
        self.nodes[number].process.kill()
        self.nodes[number].process.wait()

    def stop(self) -> None:
        for node in self.nodes:
            node.process.kill()
            node.process.wait()

    async def _until(self, connections: list[HotRedis], so) -> None:
        deadline = time.monotonic() + FORMED_WITHIN_S
        for connection in connections:
            while True:
                info = (await connection.command("CLUSTER", "INFO")).decode()
                nodes = (await connection.command("CLUSTER", "NODES")).decode()
                if so(info, nodes):
                    break
                assert time.monotonic() < deadline, f"the cluster does not form:\n{info}\n{nodes}"
                await asyncio.sleep(0.05)


async def _patiently(connection: HotRedis, *words: str) -> None:
    """The cluster gossips for a moment before it knows every name."""
    for _ in range(100):
        try:
            await connection.command(*words)
        except RuntimeError:
            await asyncio.sleep(0.05)
        else:
            return
    raise AssertionError(f"{words} was never accepted")
