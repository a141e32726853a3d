"""The token formats a second time, in plain Python: what hotpath_rs is compared with.

`python tests/hotpath/token_twin.py` prints hotpath_rs/tests/vectors/tokens.json, which the Rust tests read as well.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
from typing import Any

TAG_BYTES = 16
KINDS = {"queue": (1, "wr1"), "admission": (2, "wr1"), "hold": (3, "wr1"), "order": (4, "pl1"), "signed": (5, "pl1")}


def hkdf(master: bytes, label: str, context: str) -> bytes:
    """RFC 5869, one block of output, written out."""
    info = field(label.encode()) + field(context.encode())
    extracted = hmac.new(b"onsale/1", master, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()


def mac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def spelled(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unspelled(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def field(raw: bytes) -> bytes:
    return bytes([len(raw)]) + raw


def token(kind: str, key_id: int, master: bytes, event: str, fields: bytes) -> str:
    number, family = KINDS[kind]
    label = f"{family}|{kind}"
    body = bytes([1, number, key_id]) + fields
    return spelled(body + mac(hkdf(master, label, event), label.encode() + body)[:TAG_BYTES])


def queue_ticket(key_id: int, master: bytes, event: str, of: dict[str, Any]) -> str:
    fields = field(event.encode()) + struct.pack(">QBQ", of["epoch"], of["live"], of["number"])
    fields += field(of["identity_digest"]) + field(of["device_key_hash"]) + struct.pack(">Q", of["issued_at_ms"])
    return token("queue", key_id, master, event, fields)


def admission(key_id: int, master: bytes, event: str, of: dict[str, Any]) -> str:
    fields = field(event.encode()) + of["lease_id"] + field(of["device_key_hash"])
    return token(
        "admission", key_id, master, event, fields + struct.pack(">QQ", of["not_before_ms"], of["expires_at_ms"])
    )


def hold_token(key_id: int, master: bytes, event: str, hold_id: bytes) -> str:
    return token("hold", key_id, master, event, field(event.encode()) + hold_id)


def order_token(key_id: int, master: bytes, order_id: str) -> str:
    return token("order", key_id, master, "", field(order_id.encode()))


def signed_token(key_id: int, master: bytes, purpose: str, payload: bytes, expires_at_ms: int) -> str:
    fields = field(purpose.encode()) + struct.pack(">H", len(payload)) + payload + struct.pack(">Q", expires_at_ms)
    return token("signed", key_id, master, "", fields)


def ticket_code(key_id: int, master: bytes, event: str, of: dict[str, int]) -> str:
    body = bytes([0xC1, key_id]) + hashlib.sha256(event.encode()).digest()[:8]
    body += struct.pack(">IHII", of["unit"], of["version"], of["not_before_s"], of["expires_at_s"])
    return spelled(body + mac(hkdf(master, "tc1|code", event), b"onsale|tc1|" + body)[:TAG_BYTES])


def lease_id(master: bytes, event: str, epoch: int, number: int) -> bytes:
    return mac(hkdf(master, "wr1|lease", event), struct.pack(">QQ", epoch, number))[:16]


def identity_digest(master: bytes, event: str, identity: bytes) -> bytes:
    return mac(hkdf(master, "wr1|identity", event), identity)


def vectors() -> dict[str, Any]:
    """Golden vectors; bytes are lower-case hex."""
    key_id, master, event = 7, bytes(range(32)), "evt_01JD0000000000000000000000"
    queue = [
        {
            "epoch": 1,
            "live": False,
            "number": 0,
            "identity_digest": bytes(8),
            "device_key_hash": b"",
            "issued_at_ms": 0,
        },
        {
            "epoch": 2**64 - 1,
            "live": True,
            "number": 1_000_000,
            "identity_digest": bytes(range(32)),
            "device_key_hash": b"\xff" * 32,
            "issued_at_ms": 1_795_000_000_000,
        },
    ]
    admissions = [
        {"lease_id": bytes(16), "device_key_hash": b"", "not_before_ms": 0, "expires_at_ms": 1},
        {"lease_id": b"\xaa" * 16, "device_key_hash": b"\x01" * 32, "not_before_ms": 5, "expires_at_ms": 2**64 - 1},
    ]
    codes = [
        {"unit": 0, "version": 1, "not_before_s": 0, "expires_at_s": 1},
        {"unit": 199_999, "version": 3, "not_before_s": 1_790_000_000, "expires_at_s": 1_800_000_000},
        {"unit": 2**32 - 1, "version": 2**16 - 1, "not_before_s": 2**32 - 2, "expires_at_s": 2**32 - 1},
    ]
    signed = [("mail_link", b"ord_1", 1_795_000_000_000), ("x", b"", 1), ("p" * 32, bytes(1024), 2**64 - 1)]
    return {
        "about": "Golden vectors of the token formats, written by tests/hotpath/token_twin.py.",
        "key_id": key_id,
        "master": master.hex(),
        "event_id": event,
        "queue_tickets": [{**hexed(of), "token": queue_ticket(key_id, master, event, of)} for of in queue],
        "admissions": [{**hexed(of), "token": admission(key_id, master, event, of)} for of in admissions],
        "ticket_codes": [{**of, "code": ticket_code(key_id, master, event, of)} for of in codes],
        "hold": {"hold_id": "0f" * 16, "token": hold_token(key_id, master, event, b"\x0f" * 16)},
        "order": {"order_id": "ord_1", "token": order_token(key_id, master, "ord_1")},
        "signed": [
            {"purpose": p, "payload": b.hex(), "expires_at_ms": t, "token": signed_token(key_id, master, p, b, t)}
            for p, b, t in signed
        ],
        "lease": {"epoch": 3, "number": 17, "lease_id": lease_id(master, event, 3, 17).hex()},
        "identity": {
            "identity": b"ada@example.org".hex(),
            "digest": identity_digest(master, event, b"ada@example.org").hex(),
        },
    }


def hexed(of: dict[str, Any]) -> dict[str, Any]:
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in of.items()}


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=2))
