"""Device binding: a place joined with a P-256 key is claimed with that key's signature over a nonce of ours.

``proof`` is ``<nonce>.<public key>.<signature>``: base64url without padding, the key as its raw point of 65 bytes, the
signature as WebCrypto gives it (r and s, 32 bytes each) over the nonce's ASCII text with SHA-256.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

import hotpath_rs
from waitingroom.asking import decoded, device_key_hash, device_point
from waitingroom.errors import ProofRequired

PURPOSE = "room-nonce"
NONCE_VALID_MS = 60_000
NONCE_BYTES = 16
HALF_BYTES = 32
PROOF_PARTS = 3


def nonce(keys: hotpath_rs.PlatformKeys, event_id: str, now_ms: int) -> str:
    """A fresh nonce for this event, good for a minute; nothing is stored for it."""
    return keys.mint_signed(PURPOSE, secrets.token_bytes(NONCE_BYTES) + event_id.encode(), now_ms + NONCE_VALID_MS)


def require(keys: hotpath_rs.PlatformKeys, event_id: str, key_hash: bytes, proof: str | None, now_ms: int) -> None:
    """Return if ``proof`` is by the device whose key hash the ticket carries. ProofRequired with a fresh nonce."""
    if not key_hash:
        return
    if proof is None or _prover(keys, event_id, proof, now_ms) != key_hash:
        raise ProofRequired(nonce=nonce(keys, event_id, now_ms))


def proven(keys: hotpath_rs.PlatformKeys, event_id: str, proof: str, now_ms: int) -> bytes:
    """The hash of the key whose device made this proof. ProofRequired with a fresh nonce."""
    key_hash = _prover(keys, event_id, proof, now_ms)
    if key_hash is None:
        raise ProofRequired(nonce=nonce(keys, event_id, now_ms))
    return key_hash


def _prover(keys: hotpath_rs.PlatformKeys, event_id: str, proof: str, now_ms: int) -> bytes | None:
    parts = proof.split(".")
    if len(parts) != PROOF_PARTS:
        return None
    given_nonce, key, signature = parts
    point, raw = device_point(key), decoded(signature)
    try:
        about = keys.verify_signed(PURPOSE, given_nonce, now_ms)[NONCE_BYTES:]
    except hotpath_rs.TokenError:
        return None
    if about != event_id.encode() or point is None or raw is None or len(raw) != 2 * HALF_BYTES:
        return None
    r, s = int.from_bytes(raw[:HALF_BYTES], "big"), int.from_bytes(raw[HALF_BYTES:], "big")
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point).verify(
            encode_dss_signature(r, s), given_nonce.encode(), ec.ECDSA(hashes.SHA256())
        )
    except InvalidSignature:
        return None
    return device_key_hash(point)
