"""What a visitor and an operator do in more than one test: show oneself, steer the room, work, look at the page."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from aiohttp.test_utils import TestClient
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from engine.foundation.bearer import Bearers, Person
from waitingroom.settings import Settings


def bearer(settings: Settings, *, admin: bool = True, user_id: str = "usr_admin") -> dict[str, str]:
    token = Bearers(settings.jwt_key.get_secret_value().encode()).sign(Person(user_id=user_id, is_admin=admin))
    return {"Authorization": f"Bearer {token}"}


async def control(client: TestClient, event_id: str, headers: dict[str, str], **changes: Any) -> tuple[int, Any]:
    answer = await client.patch(f"/v1/rooms/{event_id}/controls", json=changes, headers=headers)
    return answer.status, await answer.json()


def solve(challenge: dict[str, Any], **changes: Any) -> str:
    """Do the work and spell the ALTCHA payload."""
    number = next(
        n
        for n in range(challenge["maxnumber"] + 1)
        if hashlib.sha256(f"{challenge['salt']}{n}".encode()).hexdigest() == challenge["challenge"]
    )
    payload = (
        {key: challenge[key] for key in ("algorithm", "challenge", "salt", "signature")} | {"number": number} | changes
    )
    return base64.b64encode(json.dumps(payload).encode()).decode()


async def page(client: TestClient, path: str, **headers: str) -> str:
    answer = await client.get(path, headers=headers, allow_redirects=False)
    assert answer.status == 200, answer.status
    return await answer.text()


def shown(html: str) -> set[str]:
    """The faces that are not hidden."""
    return {name for name, hidden in re.findall(r'data-show="(\w+)"( hidden)?>', html) if not hidden}


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def point(key: ec.EllipticCurvePrivateKey) -> str:
    raw = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return b64(raw)


def prove(key: ec.EllipticCurvePrivateKey, nonce: str) -> str:
    r, s = decode_dss_signature(key.sign(nonce.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{nonce}.{point(key)}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
