"""A running engine, asked as scanners and organizers ask it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient

from tests.gate_world import World


@dataclass
class Api:
    client: TestClient[web.Request, web.Application]
    world: World
    admin: dict[str, str]

    async def new_device(self, name: str = "Gate A", **more: Any) -> dict[str, str]:
        path = f"/v1/events/{self.world.event_id}/devices"
        response = await self.client.post(path, json={"name": name, **more}, headers=self.admin)
        assert response.status == 201, await response.text()
        made = await response.json()
        return {"Authorization": f"Device {made['device_id']}.{made['secret']}", "device_id": made["device_id"]}

    async def validate(self, device: dict[str, str], **body: Any) -> dict[str, Any]:
        response = await self.client.post("/v1/tickets/validate", json=body, headers=auth(device))
        assert response.status == 200, await response.text()
        return await response.json()

    async def batch(self, device: dict[str, str], scans: list[Any], key: str = "k1", **more: Any) -> Any:
        path = f"/v1/events/{self.world.event_id}/checkins/batch"
        headers = {**auth(device), "Idempotency-Key": key}
        return await self.client.post(path, json={"scans": scans, **more}, headers=headers)


def auth(device: dict[str, str]) -> dict[str, str]:
    return {"Authorization": device["Authorization"]}
