"""onsale's hot path in Rust: tokens, ticket codes, the draw, seat maps, allocation, printed documents.

Nothing here does I/O, but a ``Press`` reads its font files. Every object is safe to share between threads, and
immutable but for what a ``HoldDesk`` is told of prices and orphan policies.
Arguments outside their documented range raise ``ValueError``.

    ValueError
    +-- TokenError    a token or ticket code was refused, `code` says why
    +-- DrawError     an audit bundle does not prove its draw, `code` says what is wrong
    +-- ChartError    a seating chart is not in order, `errors` says where
    Exception
    +-- AllocationRefused    no seats for an ask, `code` says why
"""

from collections.abc import Sequence
from os import PathLike
from typing import Literal, Self, final

__all__ = [
    "COHORT_MAX",
    "DRAW_ROUNDS",
    "JSON_SCANS_MAX",
    "SCAN_LINES_MAX",
    "TICKET_CODES_MAX",
    "TICKET_CODE_CHARS",
    "Admission",
    "AllocationRefused",
    "Ask",
    "ChartError",
    "DrawError",
    "DrawReport",
    "EventKeys",
    "HoldDesk",
    "HoldLabels",
    "Keyring",
    "KnownTickets",
    "Party",
    "Plan",
    "PlatformKeys",
    "Press",
    "QrCode",
    "QueueTicket",
    "ScanAnswer",
    "ScanBatch",
    "ScanPack",
    "ScanRecipe",
    "ScanTerms",
    "ScansJudged",
    "SeatMap",
    "Section",
    "TicketCode",
    "TokenError",
    "base64_lines",
    "draw_seed",
    "hold_event",
    "merkle_root",
    "peek_event",
    "shuffle_all",
    "shuffle_index",
    "unshuffle_index",
    "verify_draw",
]

class TokenError(ValueError):
    """A token or ticket code was refused. ``args == (code,)``.

    `code` is one of: malformed, unknown_key, bad_signature, wrong_event, wrong_kind, expired, not_yet_valid.
    """

    code: str

class DrawError(ValueError):
    """An audit bundle does not prove its draw. ``args == (code, message)``."""

    code: str

# --- Keys, tokens and ticket codes --------------------------------------------------------------------------------
#
# A token is `version kind key-id fields tag` in base64url without padding; only that one spelling is accepted. The
# tag is 16 bytes of HMAC-SHA256 over `domain || version kind key-id fields`, under a key derived by HKDF-SHA256 for
# the kind and the event. Verification compares in constant time. Counts and times are unsigned: a negative or too
# large one raises OverflowError.

TICKET_CODE_CHARS: int
"""Characters of every ticket code: 54."""
TICKET_CODES_MAX: int
"""Most codes in one call of a bulk check: 100,000."""

@final
class Keyring:
    """The master keys: the first signs, all verify."""

    def __new__(cls, keys: Sequence[tuple[int, bytes]]) -> Self:
        """Hold one or, during a rotation, two ``(key id 0..255, 32-byte master)`` pairs with distinct ids.

        Give a newer key a higher id. Lease ids and identity digests come from the key with the lowest id, so they
        stay the same through a rotation, whatever its steps, until the old key leaves the ring: let it leave when no
        room is open.

        :raises ValueError: no key, more than two, a repeated id, or a master that has not 32 bytes
        """

    @property
    def signing_key_id(self) -> int:
        """The id written into everything minted."""

    def event(self, event_id: str) -> EventKeys:
        """Derive the keys of one event (six HKDF expansions a master, some 2 us; keep the result in a dict).

        :raises ValueError: the id is empty or longer than 64 bytes
        """

    def platform(self) -> PlatformKeys:
        """Derive the keys of what belongs to no event."""

@final
class EventKeys:
    """Everything of one event, its HMAC states computed once. Made by :meth:`Keyring.event`."""

    @property
    def event_id(self) -> str:
        """The event these keys belong to."""

    def mint_queue_ticket(
        self,
        *,
        epoch: int,
        live: bool,
        number: int,
        identity_digest: bytes,
        device_key_hash: bytes,
        issued_at_ms: int,
    ) -> str:
        """Sign a place in line.

        :param epoch: the room's epoch in which the number was issued
        :param live: False for the cohort, whose `number` is a registration index until the draw; True for those who
            came later, whose `number` is their queue number
        :param identity_digest: whose place it is, 8 to 32 bytes
        :param device_key_hash: the device it is bound to, at most 32 bytes, empty if none
        :raises ValueError: a digest outside its length
        """

    def verify_queue_ticket(self, token: str) -> QueueTicket:
        """Believe a queue ticket; it does not expire.

        :raises TokenError: malformed, wrong_kind, unknown_key, wrong_event, bad_signature
        """

    def mint_admission(self, *, lease_id: bytes, device_key_hash: bytes, not_before_ms: int, expires_at_ms: int) -> str:
        """Sign the proof of being let in, valid for ``not_before_ms <= now < expires_at_ms``.

        :param lease_id: the lease it stands on, 16 bytes
        :raises ValueError: a wrong length, or an expiry that does not lie after the not-before time
        """

    def verify_admission(self, token: str, now_ms: int, leeway_ms: int = 0) -> Admission:
        """Believe an admission token at a time, `leeway_ms` granted on both ends.

        :raises TokenError: malformed, wrong_kind, unknown_key, wrong_event, bad_signature, not_yet_valid, expired
        """

    def lease_id(self, epoch: int, number: int) -> bytes:
        """Name the one lease of a queue number, 16 bytes: the same on every server and every retry."""

    def identity_digest(self, identity: bytes) -> bytes:
        """Give an identity its pseudonym within this event: 32 bytes of HMAC-SHA256, to be truncated at will."""

    def mint_hold_token(self, hold_id: bytes) -> str:
        """Sign the right to a hold. :func:`peek_event` finds the event of the token.

        :param hold_id: 16 bytes
        :raises ValueError: another length
        """

    def verify_hold_token(self, token: str) -> bytes:
        """Return the id of the hold a token gives the right to, 16 bytes; it does not expire.

        :raises TokenError: malformed, wrong_kind, unknown_key, wrong_event, bad_signature
        """

    def mint_ticket_code(self, unit: int, version: int, not_before_s: int, expires_at_s: int) -> str:
        """Sign the 54 characters of a ticket's QR, valid for ``not_before_s <= now < expires_at_s``.

        :param unit: the unit it admits to, 0 to 2**32 - 1
        :param version: the ticket's version, 0 to 65,535
        :param not_before_s: Unix seconds below 2**32, as is `expires_at_s`
        :raises ValueError: the expiry does not lie after the not-before time
        """

    def verify_ticket_code(self, code: str, now_s: int, leeway_s: int = 30, check_times: bool = True) -> TicketCode:
        """Believe a ticket code at a time, `leeway_s` granted on both ends.

        With ``check_times=False`` an authentic code is returned whatever the time is, for a caller that has other
        reasons to look at first.

        :raises TokenError: malformed, unknown_key, wrong_event, bad_signature, not_yet_valid, expired
        """

    def verify_ticket_codes(self, codes: bytes, now_s: int, leeway_s: int = 30) -> bytes:
        """Judge many codes at once, the GIL released: 8 packed bytes a code, in order.

        `codes` is the codes joined by newlines, none after the last; an empty buffer holds none. A code that itself
        contains a newline would shift all that follow: where codes come from strangers, check the length of the
        answer or use :meth:`verify_ticket_code_list`.

        An answer is verdict u8, zero u8, ticket version u16 LE, unit u32 LE (``struct.iter_unpack("<BxHI", ...)``).
        Verdicts: 0 ok, 1 malformed, 2 unknown_key, 3 bad_signature, 4 wrong_event, 5 not_yet_valid, 6 expired.
        Version and unit are filled for 0, 5 and 6 and zero for all others.

        :raises ValueError: more than TICKET_CODES_MAX codes
        """

    def verify_ticket_code_list(self, codes: list[str], now_s: int, leeway_s: int = 30) -> bytes:
        """Judge a list of codes as :meth:`verify_ticket_codes` does; no code can shift another.

        :raises ValueError: more than TICKET_CODES_MAX codes
        """

JSON_SCANS_MAX: int
"""Most scans of an upload in JSON: 10,000."""
SCAN_LINES_MAX: int
"""Most scans of an upload with a scan a line: 50,000."""

@final
class ScanTerms:
    """What verdicts on an upload are judged by."""

    def __new__(cls, document: bytes) -> Self:
        """Read the terms from JSON; its fields are those of `Terms` in ``hotpath_rs/src/gates/judge.rs``.

        :raises ValueError: another document
        """

@final
class ScanBatch:
    """An upload: read, placed, judged chunk by chunk, answered in input order. Times are microseconds since 1970.

    One caller at a time; every call of more than a moment lets other threads run.
    """

    @staticmethod
    def of_lines(raw: bytes, received_us: int) -> ScanBatch | None:
        """Read a body with a scan a line; None if they are too many."""

    @staticmethod
    def of_json(raw: bytes, received_us: int) -> ScanBatch | None:
        """Read a JSON document with ``scans``; None if it is not in order as a whole, or says something unusual."""

    @staticmethod
    def blank(scans: int, received_us: int) -> ScanBatch:
        """Make an upload whose scans the caller puts, all of them junk until then.

        :raises ValueError: more than SCAN_LINES_MAX
        """

    def __len__(self) -> int: ...
    @property
    def defaults(self) -> tuple[int, int | None]:
        """What to add to the times of scans that do not say themselves, ms, and the revocations the device knew."""

    @property
    def odd(self) -> list[tuple[int, bytes]]:
        """The scans that were not written plainly: place, and how they were written. Junk until they are put."""

    @property
    def says_when(self) -> bool:
        """Whether any scan says when it was made."""

    def put(
        self,
        place: int,
        *,
        code: str | None,
        nonce: str | None,
        gate: str | None,
        scanned_us: int | None,
        is_exit: bool,
        offline: bool | None,
        offset_ms: int,
        cursor: int | None,
    ) -> None:
        """Put what was read of one scan.

        :raises ValueError: no such place
        """

    def place(
        self,
        keys: EventKeys,
        *,
        device_id: str,
        shown_name: str,
        default_gate: str | None,
        bundle_us: int | None,
        revoked_us: int | None,
        cursor_seq: int,
    ) -> None:
        """Place all scans in time, verify their codes, and find those that repeat a nonce of the upload."""

    def open_nonces(self, start: int, end: int) -> int:
        """How many nonces of a chunk have no answer yet."""

    def nonces(self, start: int, end: int, known: bytes | None = None) -> str | None:
        """Give the nonces of a chunk that have no answer yet, as a column; None if there are none.

        :param known: only those among these, a zero byte after each
        """

    def given(self, records: bytes) -> None:
        """Take answers of the log: records of nonce, result, answer.

        :raises ValueError: other records
        """

    def given_in(self, pack: ScanPack, number: int, start: int, end: int) -> None:
        """Take the answers to a chunk that a pack, of this number in the ledger, has under its nonces."""

    def units(self, start: int, end: int, known: KnownTickets | None = None) -> str | None:
        """Give the units of a chunk whose tickets must be read, as a column; None if there are none.

        :param known: the tickets that it remembers are asked about instead (see :meth:`asked`)
        """

    def asked(self) -> tuple[list[str], int, list[str], int] | None:
        """Give what must be true of the tickets that were remembered; None if none was.

        Columns of their rows' places and writers, how many those are; the same of their orders' rows.
        """

    def distrust(self, known: KnownTickets) -> None:
        """It is not true: forget them. Then ask for the chunk's units again."""

    def judge(
        self, start: int, end: int, records: bytes, terms: ScanTerms, known: KnownTickets | None = None
    ) -> ScansJudged:
        """Judge a chunk on its tickets, one record each, and on those that were remembered.

        Nothing of it is answered before :meth:`commit`.

        :param known: remembers what was read, and forgets what moves
        :raises ValueError: other records, or an upload that was not placed
        """

    def commit(self, number: int) -> None:
        """What was judged last is durable now, in the packed row of this number."""

    def answer(self) -> tuple[ScanAnswer, bytes]:
        """Give ``{"results": [...], "counts": {...}}`` in input order, and what :class:`ScanRecipe` makes it again by.

        Ask once.

        :raises ValueError: a scan has no answer
        """

@final
class KnownTickets:
    """The tickets of an event that were read before and plainly admit. Any thread may use it."""

    def __new__(cls) -> Self: ...
    def __len__(self) -> int: ...

@final
class ScansJudged:
    """What a chunk's verdicts ask of the ledger and of the check-in map."""

    @property
    def lines(self) -> int:
        """How many scans it logs."""

    @property
    def moves(self) -> int:
        """How many tickets move."""

    @property
    def alike(self) -> bool:
        """Whether they come to stand alike: then all columns but the first two have one value."""

    @property
    def pack(self) -> bytes:
        """The scans, packed."""

    @property
    def columns(self) -> list[str]:
        """The tickets that move, as columns: see ``_MOVE`` in ``engine/stores/gates/scan_packs.py``."""

    @property
    def names(self) -> str:
        """The gates and devices that the columns name by number, as a column."""

    @property
    def taken(self) -> bytes:
        """A bitmap of the units that an entry would now find taken, unit 0 the highest bit."""

    @property
    def free(self) -> list[int]:
        """The units that are free again."""

@final
class ScanPack:
    """A packed row of the ledger, opened."""

    def __new__(cls, body: bytes) -> Self:
        """Open it.

        :raises ValueError: bytes that are no pack
        """

    def __len__(self) -> int: ...
    def given(self, nonce: str) -> bytes | None:
        """Find the answer that was given under a nonce."""

    def rows(self, start: int, end: int) -> str:
        """Give what the log keeps of the lines from `start` up to, and without, `end`: a JSON array."""

@final
class ScanAnswer:
    """The answer to an upload: megabytes of JSON that are taken a piece at a time."""

    def __len__(self) -> int: ...
    def piece(self, begin: int, end: int) -> bytes:
        """Give the bytes from `begin` up to, and without, `end`."""

@final
class ScanRecipe:
    """What is kept of the answer to an upload: the lines of packed rows that say it."""

    def __new__(cls, kept: bytes) -> Self:
        """Read it.

        :raises ValueError: bytes that are no recipe
        """

    @property
    def packs(self) -> list[int]:
        """The packed rows that it needs."""

    def answer(self, packs: list[ScanPack]) -> ScanAnswer:
        """Make the answer again, byte for byte, from these packs in the order of :attr:`packs`.

        :raises ValueError: other packs
        """

@final
class PlatformKeys:
    """The keys of what belongs to no event. Made by :meth:`Keyring.platform`."""

    def mint_order_token(self, order_id: str) -> str:
        """Sign the right to see and pay an order.

        :param order_id: 1 to 64 bytes
        :raises ValueError: another length
        """

    def verify_order_token(self, token: str) -> str:
        """Return the id of the order a token gives the right to; it does not expire.

        :raises TokenError: malformed, wrong_kind, unknown_key, bad_signature
        """

    def mint_signed(self, purpose: str, payload: bytes, expires_at_ms: int) -> str:
        """Sign a payload for one purpose until a time: links in mails, challenges, downloads. Signed, not encrypted.

        :param purpose: 1 to 32 bytes
        :param payload: at most 1,024 bytes
        :raises ValueError: another length
        """

    def verify_signed(self, purpose: str, token: str, now_ms: int) -> bytes:
        """Return the payload signed for this purpose, while ``now_ms < expires_at_ms``.

        :raises TokenError: malformed, wrong_kind (also: another purpose), unknown_key, bad_signature, expired
        """

@final
class QueueTicket:
    """What an authentic queue ticket says."""

    @property
    def epoch(self) -> int:
        """The room's epoch in which the number was issued."""

    @property
    def live(self) -> bool:
        """False: `number` is a registration index of the cohort. True: a queue number in order of arrival."""

    @property
    def number(self) -> int:
        """Registration index or queue number."""

    @property
    def identity_digest(self) -> bytes:
        """Whose place it is, 8 to 32 bytes."""

    @property
    def device_key_hash(self) -> bytes:
        """The device it is bound to, empty if none."""

    @property
    def issued_at_ms(self) -> int:
        """Unix milliseconds."""

    def __eq__(self, other: object, /) -> bool: ...

@final
class Admission:
    """What an authentic admission token says."""

    @property
    def lease_id(self) -> bytes:
        """The lease it stands on, 16 bytes."""

    @property
    def device_key_hash(self) -> bytes:
        """The device it is bound to, empty if none."""

    @property
    def not_before_ms(self) -> int:
        """First Unix millisecond of validity."""

    @property
    def expires_at_ms(self) -> int:
        """First Unix millisecond after it."""

    def __eq__(self, other: object, /) -> bool: ...

@final
class TicketCode:
    """What an authentic ticket code says."""

    @property
    def unit(self) -> int:
        """The unit it admits to."""

    @property
    def version(self) -> int:
        """The ticket's version; only the newest admits."""

    @property
    def not_before_s(self) -> int:
        """First Unix second of validity."""

    @property
    def expires_at_s(self) -> int:
        """First Unix second after it."""

    def __eq__(self, other: object, /) -> bool: ...

def peek_event(token: str) -> str:
    """Return the event id a queue ticket, admission or hold token names, **unverified**: only to choose the key.

    :raises TokenError: malformed, or wrong_kind where the token names no event
    """

# --- The draw -----------------------------------------------------------------------------------------------------
#
# commit = SHA-256(secret); seed = SHA-256(secret || root || N as u64 big-endian || beacon); the queue number of
# registration index i is the swap-or-not shuffle of the Ethereum consensus specification over SHA-256(seed...).

DRAW_ROUNDS: int
"""Rounds of the permutation: 90."""
COHORT_MAX: int
"""Most people in one draw: 2**26."""

def shuffle_index(seed: bytes, index: int, count: int) -> int:
    """Return the queue number of one registration index, in about 10 us.

    :param seed: 32 bytes
    :raises ValueError: another length, an index outside the cohort, more than COHORT_MAX people
    """

def unshuffle_index(seed: bytes, number: int, count: int) -> int:
    """Return the registration index that drew a queue number; the inverse of :func:`shuffle_index`."""

def shuffle_all(seed: bytes, count: int) -> bytes:
    """Return the queue number of every registration index as u32 LE, index order (1M in about 70 ms, GIL released).

    :raises ValueError: a seed that has not 32 bytes, more than COHORT_MAX people
    """

def merkle_root(digests: bytes, digest_len: int) -> bytes:
    """Return the root over identity digests of `digest_len` bytes (1 to 32) each, laid end to end in index order.

    leaf = SHA-256(0x00 || digest), node = SHA-256(0x01 || left || right), an odd node is carried up, an empty tree is
    32 zero bytes. The GIL is released.

    :raises ValueError: a length outside the range, or half a digest
    """

def draw_seed(secret: bytes, root: bytes, count: int, beacon: bytes) -> bytes:
    """Return ``SHA-256(secret || root || count as u64 big-endian || beacon)``.

    :param secret: what was committed to, 1 to 1,024 bytes
    :param root: 32 bytes of :func:`merkle_root`
    :param beacon: the public value named in advance (its text in UTF-8), empty if none was, at most 1,024 bytes
    :raises ValueError: a length outside its range
    """

def verify_draw(bundle_json: bytes, *tickets: str) -> DrawReport:
    """Check commit, root, seed and bijection of an audit bundle, and the number of each queue ticket given.

    The bundle is the JSON of ``GET /v1/rooms/{event_id}/draw``. A ticket is read without authentication, since an
    auditor has no key: what is proven is that a ticket of this content drew this number. The GIL is released.

    :raises DrawError: malformed_bundle, wrong_rounds, wrong_cohort_size, wrong_commit, wrong_merkle_root, wrong_seed,
        not_a_bijection, wrong_ticket; the message says what was found and what was computed
    :raises ValueError: more than 10,000 tickets
    """

@final
class DrawReport:
    """What a bundle proves."""

    @property
    def event_id(self) -> str:
        """The event drawn for."""

    @property
    def cohort_size(self) -> int:
        """People in the draw."""

    @property
    def seed(self) -> bytes:
        """The seed, recomputed."""

    @property
    def merkle_root(self) -> bytes:
        """The Merkle root, recomputed."""

    @property
    def beacon(self) -> str:
        """The public value named in advance, empty if none was."""

    @property
    def duplicate_identities(self) -> int:
        """Identity digests listed more than once, counted without their first; 0 where everybody has one place."""

    @property
    def tickets(self) -> list[tuple[int, int]]:
        """(registration index, queue number) of each ticket given, in order."""

# --- Seat maps and allocation -----------------------------------------------------------------------------------
#
# An event's inventory map has one byte per unit. Below 0x40 the unit is taken (0x01 held, 0x02 ordered, 0x03 sold,
# 0x04 blocked). From 0x40 it is free: `lot = byte - 0x40`, `lot & 1` is an accessible seat that is still protected,
# `lot >> 1` the allotment it is set apart for (0 the open house, at most 95).

class ChartError(ValueError):
    """A seating chart is not in order. ``args == (errors,)``.

    `errors` lists (JSON pointer, code, message), every fault at once but at most 100. Codes: malformed_json,
    wrong_type, missing, empty, too_many, duplicate, invalid_name, out_of_range, unknown_seat, unknown_kind, ambiguous.
    """

    errors: list[tuple[str, str, str]]

class AllocationRefused(Exception):
    """No units for an ask. ``args == (code, free)``.

    `code` is sold_out (fewer units are free than the party has people) or best_available_not_found (enough are
    free, but protected or not in a shape that the ask allows). `free` counts the categories of the party that could
    not be placed, in every section, protected seats included.
    """

    code: Literal["best_available_not_found", "sold_out"]
    free: int

@final
class Section:
    """One section of a chart; its units are ``first_unit .. first_unit + units - 1``."""

    @property
    def index(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> Literal["seated", "general"]: ...
    @property
    def category(self) -> str:
        """What a seat's category defaults to; not in `SeatMap.categories` when every seat says otherwise."""
    @property
    def first_unit(self) -> int: ...
    @property
    def units(self) -> int: ...

@final
class Party:
    """People who sit together and whose tickets sell from the same categories.

    Ticket types with the same categories and section belong in one party, so that adult and child share a block.

    quantity: 1 to 200. categories: indexes into `SeatMap.categories`. section: index of the only section allowed.
    accessible: how many of them need an accessible seat, at most 20; the others are their companions, up to three
    of whom sit in the same block with each.
    """

    def __new__(
        cls, quantity: int, categories: Sequence[int], section: int | None = None, accessible: int = 0
    ) -> Self: ...
    @property
    def quantity(self) -> int: ...
    @property
    def categories(self) -> list[int]: ...
    @property
    def section(self) -> int | None: ...
    @property
    def accessible(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class Ask:
    """Everything one hold asks for; it is given whole or not at all.

    parties: 1 to 20. policy: the orphan rule; "auto" is strict until 85 % of a party's categories are sold and
    lenient after. split: may a party be seated in pieces? open_allotments: allotments open to this buyer besides
    the open house. beside: units the group holds already (at most 400), to sit next to.
    """

    def __new__(
        cls,
        parties: Sequence[Party],
        policy: Literal["strict", "lenient", "off", "auto"],
        split: bool = True,
        open_allotments: Sequence[int] = ...,
        beside: Sequence[int] = ...,
    ) -> Self: ...
    @property
    def parties(self) -> list[Party]: ...
    @property
    def policy(self) -> Literal["strict", "lenient", "off", "auto"]: ...
    @property
    def split(self) -> bool: ...
    @property
    def open_allotments(self) -> list[int]: ...
    @property
    def beside(self) -> list[int]: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class Plan:
    """The units an ask gets. Nothing is taken yet: the caller commits it against the map it planned on."""

    @property
    def units(self) -> list[int]:
        """Party after party in the order of the ask, ascending within one."""
    @property
    def adjacent(self) -> bool:
        """Every party sits in one block (numbers of one general-admission section count as that)."""
    @property
    def rows_used(self) -> int:
        """Different rows touched; general admission has none."""
    @property
    def step(self) -> int:
        """1 one block; 2 one block that leaves an orphan; 3 two pieces of at least two; 4 any pieces."""
    @property
    def orphans_created(self) -> int:
        """New single free seats that the whole plan leaves behind."""
    def __eq__(self, other: object, /) -> bool: ...

@final
class SeatMap:
    """A seating chart as units 0 .. units-1: sections end to end, seated ones row by row in physical order.

    Immutable; one per chart serves every event and thread. Methods that take a map refuse one of another length
    with ValueError.
    """

    @staticmethod
    def parse(chart_json: bytes) -> SeatMap:
        """Read a chart in either row spelling. Raises ChartError.

        At most 200,000 units, 500 sections, 1,000 rows a section, 2,000 seats a row, 255 categories, 32 MiB;
        names of 1 to 64 characters without "/"; coordinates within one million.
        """
    @property
    def units(self) -> int: ...
    @property
    def etag(self) -> str:
        """Hex SHA-256 of the canonical form: the same for both spellings of one chart."""
    @property
    def categories(self) -> list[str]:
        """In the order in which units first use them."""
    @property
    def sections(self) -> list[Section]: ...
    def seat(self, unit: int) -> str | None:
        """``"Stalls/A/5"``, None for general admission. IndexError for a unit that does not exist."""
    def section_index(self, unit: int) -> int:
        """IndexError for a unit that does not exist."""
    def category_index(self, unit: int) -> int:
        """IndexError for a unit that does not exist."""
    def unit(self, seat: str) -> int:
        """Find the unit of ``"Stalls/A/5"``. KeyError when there is no such seat."""
    def seats_bulk(self) -> list[str | None]:
        """`seat` of every unit."""
    def base_map(self) -> bytes:
        """Give the map when nothing is taken or set apart: 0x40, 0x41 for an accessible seat."""
    def category_map(self) -> bytes:
        """One category index a unit."""
    def section_map(self) -> bytes:
        """One section index a unit, unsigned 16 bit little-endian."""
    def geometry_json(self) -> bytes:
        """Give the document a seat picker draws from; it changes only with the etag.

        ``{"etag", "focal_point": {"x", "y"}, "stage"?: SHAPE, "categories": [..], "sections": [{"name", "kind",
        "category", "first_unit", "units", "area"?: SHAPE, "rows"?: [{"name", "y", "table"?: SHAPE, "first_unit",
        "seats": [{"name", "x", "y"?, "category": index, "accessible"?: true, "companion"?: true,
        "obstructed"?: true}], "aisle_after": [seat name]}]}]}``; SHAPE is ``{"x", "y", "width", "height",
        "turn"?: degrees, "round"?: true}`` around its middle. General sections have no rows; a seat has a "y" only if
        it stands off its row's.
        """
    def tape(self, categories: Sequence[int], section: int | None, quantity: int) -> bytes:
        """Every start of `quantity` (1 to 2,000) touching seats in these categories, best first, state left aside.

        Order: distance of the run's centroid to the focal point, then lower section, row, seat. Four bytes an
        entry: the start, unsigned 24 bit big-endian, then flags: bits 0-1 how many seats stand to the run's left in
        the same aisle-free stretch (0, 1, 2 for two and more), bits 2-3 the same to its right, bit 4 whether it is
        exactly as far away as the entry before.
        """
    def plan(self, map: bytes, ask: Ask) -> Plan:
        """Choose the best units. Raises AllocationRefused; ValueError for an ask that this chart cannot mean."""
    def plan_many(self, map: bytes, asks: Sequence[Ask]) -> list[Plan | AllocationRefused]:
        """Plan asks (at most 10,000) in turn; each success is taken off the map before the next.

        Raises nothing for a refused ask: the refusal stands in its place.
        """
    def check_named(
        self,
        map: bytes,
        units: Sequence[int],
        open_allotments: Sequence[int],
        policy: Literal["strict", "lenient", "off", "auto"],
    ) -> list[int] | None:
        """None when free seats chosen by name may stand; else as many units near them to suggest instead.

        The suggestion has the same categories and leaves no orphan that could be avoided. Only the strict rule
        refuses, and only where the run has a better selection. `map` is the state before; whether the units are
        free is the caller's check.
        """
    def orphans(self, before: bytes, units: Sequence[int], open_allotments: Sequence[int]) -> int:
        """How many new single free seats taking these units leaves."""
    def __len__(self) -> int: ...

@final
class HoldLabels:
    """Seat and section of every unit of a chart as ready JSON; shared by the desks of all events on that chart."""

    def __new__(cls, seat_map: SeatMap) -> Self: ...

@final
class HoldDesk:
    """The usual hold request of one event: read, checked and packed for the script, and its answer as JSON.

    terms_json: ``{"event_id", "hold_ttl_ms", "opens_at_ms", "closes_at_ms", "room_enabled", "admission_leeway_ms",
    "max_per_buyer", "types": [{"id", "number", "price_cents", "max_per_order", "sales_start_at_ms", "sales_end_at_ms",
    "capacity", "policy": 0 off / 1 strict / 2 lenient, "pick": {"general": {"first", "size"}} | {"tape": {"names"}}
    | "planned"}]}``; ValueError where it is anything else. Prices are learnt, the policy may be set at any time.
    """

    def __new__(cls, keyring: Keyring, labels: HoldLabels, terms_json: bytes) -> Self: ...
    def learn(self, type_number: int, quantity: int, total_cents: int, price_json: str) -> None:
        """The price of `quantity` tickets of a type: total and the ready ``price`` object. At most 512 are kept."""
    def set_policy(self, type_number: int, policy: int) -> None: ...
    def prepare(
        self, body: bytes, principal: str, key: str, admission: str | None = None, block: bytes = ...
    ) -> tuple[bytes, bytes] | None:
        """(hold id, item for ``hold_place``), or None: the long way then answers or explains.

        ``block``: the bytes that the caller's part of the network is counted under, none if it is not.

        None where the request is not of the usual kind (one item, best available or general admission, no code) or
        would be refused.
        """
    def render(self, hold_id: bytes, answer: bytes) -> tuple[bytes, bool] | None:
        """(the body, whether it is a repetition) of a hold that was placed (``H``) or replayed (``R``).

        None for every other answer.
        """

def hold_event(body: bytes) -> str | None:
    """The event a hold request's body names, None where it is no such JSON."""

# --- Documents ----------------------------------------------------------------------------------------------------

@final
class QrCode:
    """A QR symbol with error correction level M. Drawn in some 40 us."""

    def __new__(cls, text: str) -> Self:
        """Encode a text.

        :raises ValueError: it is empty or longer than 512 bytes
        """

    def svg(self) -> bytes:
        """An SVG in module units with its quiet zone: one path along the outlines."""

    def png(self) -> bytes:
        """A one-bit PNG with its quiet zone, 12 pixels a module."""

@final
class Press:
    """Prints sheets as tagged PDF, in any script that its faces know. The same sheet gives the same bytes."""

    def __new__(cls, faces: Sequence[tuple[str | PathLike[str], int, Sequence[str]]]) -> Self:
        """Open a press over ``(font file, index in a collection, ISO 15924 codes)``; a file is read when it is needed.

        The first face is the usual one. ``Zyyy`` marks a face for signs of no script, ``Zsye`` one for emoji; for a
        text's Han the face of ``Hani``, ``Hira`` or ``Hang`` is taken, as its company asks.

        :raises ValueError: there is no face, or the first one cannot be read
        """

    def print(self, sheet_json: bytes) -> bytes:
        """Print a sheet, given as JSON of ``engine.domain.tickets.sheets.Sheet``. Runs without the GIL.

        :raises ValueError: not such JSON, 0 or more than 1,000 pages, a text of more than 20,000 letters, or measures
            that make no page
        """

def base64_lines(data: bytes) -> bytes:
    """Base64 in lines of 76 characters, parted by CRLF; none after the last. 20 kB take some 10 us."""
