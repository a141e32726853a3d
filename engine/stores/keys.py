"""Redis names. Every key of an event carries its id as hash tag, so an event lives in one slot and a cluster works.

``inv:{E}:epoch``    string  the fence: no selling if it is missing or another; "!..." while somebody rebuilds
``inv:{E}:map``      string  one byte a unit: who has it
``inv:{E}:base``     string  one byte a unit: its free byte (which lot)
``inv:{E}:pulse``    hash    free, held, ordered, sold, version, swept, swept_at (up to where holds were expired)
``inv:{E}:types``    hash    ticket type number -> units held, ordered or sold; promoN -> uses
``inv:{E}:buyers``   hash    lease or person -> units it has, held and ordered (a lease: and bought)
``inv:{E}:blocks``   hash    address block -> units it has unpaid
``inv:{E}:cursors``  hash    tape name -> where the next search begins
``inv:{E}:tape:*``   string  starts best first, by chart and categories and party size
``inv:{E}:ended``    list    leases of holds that ended unbought
``inv:{E}:rebuild``  string  lock of anybody who rebuilds
``slip:{E}:<id>``    string  which of many promo codes the hold of this id was placed with
``hold:{E}:0..1023`` hash    reference (8 bytes) -> record; small enough to stay listpacks
``exp:{E}:<second>`` string  references due in that second
channel ``inv:{E}``          version u48, then (unit u24, length u8, byte u8) for each change
"""

from __future__ import annotations

from engine.foundation import leases

EVENT_CHANGED_CHANNEL = b"event:changed"
DELTA_CHANNEL_PREFIX = b"inv:{"
REBUILDING = b"!"  # begins an epoch that is none: somebody reads the ledger

pulse = leases.pulse_key


def epoch(event_id: str) -> bytes:
    return b"inv:{%s}:epoch" % event_id.encode()


def unit_map(event_id: str) -> bytes:
    return b"inv:{%s}:map" % event_id.encode()


def type_counts(event_id: str) -> bytes:
    return b"inv:{%s}:types" % event_id.encode()


def tape(event_id: str, name: bytes) -> bytes:
    return b"inv:{%s}:tape:%s" % (event_id.encode(), name)


def promo_slip(event_id: str, hold_id: str) -> bytes:
    return b"slip:{%s}:%s" % (event_id.encode(), hold_id.encode())


def rebuild_lock(event_id: str) -> bytes:
    return b"inv:{%s}:rebuild" % event_id.encode()


def delta_channel(event_id: str) -> bytes:
    return b"inv:{%s}" % event_id.encode()
