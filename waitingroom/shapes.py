"""The shapes that travel: what the waiting room takes and gives as JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

IDENTITY_CHARS_MAX = 254
TOKEN_CHARS_MAX = 1024
DEVICE_KEY_CHARS_MAX = 512
CHALLENGE_CHARS_MAX = 4096
MESSAGE_CHARS_MAX = 200
RATE_PER_MIN_MAX = 1_000_000
CAPACITY_MAX = 1_000_000
CODE_CHARS_MAX = 64
BEACON_CHARS_MAX = 200

Token = Annotated[str, Meta(min_length=1, max_length=TOKEN_CHARS_MAX)]


class JoinRequest(Struct, frozen=True, kw_only=True):
    """Who wants a place.

    ``identity``: an e-mail address if the room asks for one; ``device_key``: a P-256 public key as base64url (raw
    point) binds the place to the device, any other text only names it; ``queue_ticket``: ask for one's own place again;
    ``proof``: that the place is this device's, as at a claim;
    ``code``: a presale's or an invitation's, if the on-sale says ``code_required``;
    ``website``: a field that people do not see, so that anybody who fills it in is taken for a program.
    """

    identity: Annotated[str, Meta(max_length=IDENTITY_CHARS_MAX)] | None = None
    device_key: Annotated[str, Meta(min_length=1, max_length=DEVICE_KEY_CHARS_MAX)] | None = None
    queue_ticket: Token | None = None
    proof: Annotated[str, Meta(max_length=TOKEN_CHARS_MAX)] | None = None
    challenge: Annotated[str, Meta(max_length=CHALLENGE_CHARS_MAX)] | None = None
    code: Annotated[str, Meta(max_length=CODE_CHARS_MAX)] | None = None
    website: Annotated[str, Meta(max_length=IDENTITY_CHARS_MAX)] | None = None


class PlaceAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """``number`` of kind cohort is a registration index until the draw; ``queue_number`` is there once it is known.

    ``behind`` "crowded_block": many places were taken from this part of the network; if they still are too many when
    the draw is held, this one stands behind the drawn.
    """

    queue_ticket: str
    kind: Literal["cohort", "live"]
    number: int
    server_now_ms: int
    event_id: str
    queue_number: int | None = None
    behind: Literal["crowded_block"] | None = None


class TicketRequest(Struct, frozen=True, kw_only=True):
    """Either of the two says who is asking; ``proof`` if the place is bound to a device."""

    queue_ticket: Token | None = None
    admission_token: Token | None = None
    proof: Annotated[str, Meta(max_length=TOKEN_CHARS_MAX)] | None = None


class AdmissionAnswer(Struct, frozen=True, kw_only=True):
    admission_token: str
    lease_id: str
    expires_at_ms: int
    server_now_ms: int


class WaitAnswer(Struct, frozen=True, kw_only=True):
    """Position, ahead and wait are null before the draw.

    ``reason``: not_yet, drawing, paused, sold_out, full, or admitted, which says that the wait is over.
    ``moved``: why this registration looked automated, and stands behind the drawn; null for everybody else.
    """

    position: int | None
    ahead: int | None
    eta_s: int | None
    retry_after_s: int
    queue_number: int | None
    phase: str
    reason: str
    serving: int
    server_now_ms: int
    moved: str | None = None


class LeftAnswer(Struct, frozen=True, kw_only=True):
    server_now_ms: int
    left: bool = True


class ReleaseAnswer(Struct, frozen=True, kw_only=True):
    """``released`` false: it had ended before."""

    released: bool
    server_now_ms: int


class PollAdvice(Struct, frozen=True, kw_only=True):
    """Ask again after ``clamp(min_s, max_s, expected wait / divisor)`` x (1 + U(0, 0.3))."""

    min_s: int
    max_s: int
    divisor: int


class DrawFacts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``commit`` from the beginning; the rest, ``secret`` included, once the line has opened. Lower-case hex."""

    commit: str
    rounds: int
    merkle_root: str | None = None
    seed: str | None = None
    secret: str | None = None
    beacon: str | None = None
    beacon_name: str | None = None
    tail_cohort: int | None = None


class StatusDocument(Struct, frozen=True, kw_only=True):
    """The same bytes for everybody. ``stale`` is there, and true, while Redis is away."""

    event_id: str
    phase: Literal["scheduled", "prequeue", "open", "paused", "sold_out", "closed"]
    server_now_ms: int
    prequeue_opens_at_ms: int
    opens_at_ms: int
    closes_at_ms: int | None
    epoch: int
    serving: int
    tail: int
    cohort_size: int
    rate_per_min: int
    pace_per_min: int
    draw: DrawFacts
    poll: PollAdvice
    message: str
    stale: bool = False


class Controls(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an operator changes.

    ``open_now`` true opens the line at once; ``beacon_name`` names, before anybody can join, the public value that
    ``beacon`` must deliver before the draw.
    """

    rate_per_min: Annotated[int, Meta(ge=1, le=RATE_PER_MIN_MAX)] | None = None
    capacity: Annotated[int, Meta(ge=1, le=CAPACITY_MAX)] | None = None
    paused: bool | None = None
    message: Annotated[str, Meta(max_length=MESSAGE_CHARS_MAX)] | None = None
    open_now: bool | None = None
    beacon_name: Annotated[str, Meta(max_length=BEACON_CHARS_MAX)] | None = None
    beacon: Annotated[str, Meta(max_length=BEACON_CHARS_MAX)] | None = None


class ConsoleAnswer(Struct, frozen=True, kw_only=True):
    """What operators see.

    ``limited_by`` is the term of the budget that binds: rate, capacity, inventory, health, demand, paused, sold_out or
    closed. ``units_free`` null: unknown. Shares are of those called, 0..1.
    """

    phase: str
    rate_per_min: int
    capacity: int
    paused: bool
    message: str
    queued: int
    waiting: int
    called: int
    leases: int
    offers: int
    admitted: int
    admitted_per_s: float
    no_shows: int
    no_show_share: float
    left: int
    abandon_share: float
    wait_error_share: float | None
    units_free: int | None
    limited_by: str
    epoch: int
    serving: int
    tail: int
    server_now_ms: int


class ChallengeAnswer(Struct, frozen=True, kw_only=True, rename={"max_number": "maxnumber"}):
    """An ALTCHA challenge in that protocol's own spelling: the SHA-256 of salt and number is ``challenge``."""

    algorithm: str
    challenge: str
    max_number: int
    salt: str
    signature: str


class MovedRegistration(Struct, frozen=True, kw_only=True):
    """A registration that looked automated: it was drawn like all, but stands at ``number``, behind the cohort."""

    index: int
    number: int
    reason: str


class DrawBundle(Struct, frozen=True, kw_only=True):
    """The audit bundle. ``beacon`` empty although one was named: it did not come in time.

    ``identities`` are keyed digests in index order: nobody can be read out of them.
    """

    event_id: str
    cohort_size: int
    commit: str
    secret: str
    merkle_root: str
    seed: str
    beacon: str
    beacon_name: str
    tail_cohort: list[MovedRegistration]
    rounds: int
    identities: list[str]
