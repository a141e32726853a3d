"""Every "no" of the waiting room.

Refusal
├── Conflict 409
│   ├── QueueNotOpen       queue_not_open        joining opens at ``opens_at_ms``; with Retry-After
│   ├── IdentityKnown      identity_known        typing it shows nothing of its place; ``mailed``: a link was sent
│   ├── LinkUsed           link_used             the mailed link has moved the place already
│   └── DrawNotHeld        draw_not_held         the audit bundle exists after the line has opened
├── Unauthenticated 401
│   ├── TicketInvalid      queue_ticket_invalid  ``reason``: malformed, bad_signature, wrong_event ...
│   ├── LinkInvalid        link_invalid          this is none of our links
│   └── ProofRequired      proof_required        this place is bound to a device: sign ``nonce``
├── Forbidden 403
│   ├── ChallengeRequired  challenge_required    solve ``challenge`` and send it along
│   ├── CodeRequired       code_required         this line is for those who bring a code
│   ├── CodeInvalid        code_invalid          it is none of this event's codes
│   └── FormForged         form_forged           another site sent this visitor's browser here
├── Gone 410
│   ├── RoomClosed         room_closed
│   ├── PlaceMoved         place_moved           a mailed link moved this place: its older tickets have ended
│   ├── LinkEnded          link_ended            the mailed link is too old
│   └── TurnOver           turn_over             the admission of this place has ended; join again for a new one
├── NotFound 404
│   └── NoRoom             no_room               this event has no waiting room
├── Invalid 422
│   └── IdentityRequired   identity_required
└── Unavailable 503
    └── RoomAway           room_unavailable      Redis is away or being restored; with jittered Retry-After
"""

from __future__ import annotations

import random

from engine.foundation import errors

RETRY_S_MIN, RETRY_S_MAX = 1, 5


class QueueNotOpen(errors.Conflict):
    code, title = "queue_not_open", "The line has not opened yet"


class IdentityKnown(errors.Conflict):
    code, title = "identity_known", "This identity has a place already: show its queue ticket"


class LinkUsed(errors.Conflict):
    code, title = "link_used", "This link has moved the place already"


class DrawNotHeld(errors.Conflict):
    code, title = "draw_not_held", "The draw is held when the line opens"


class TicketInvalid(errors.Unauthenticated):
    code, title = "queue_ticket_invalid", "This queue ticket does not verify"


class LinkInvalid(errors.Unauthenticated):
    code, title = "link_invalid", "This link is not one of ours"


class ProofRequired(errors.Unauthenticated):
    code, title = "proof_required", "This place is bound to a device: sign the nonce with its key"


class ChallengeRequired(errors.Forbidden):
    code, title = "challenge_required", "Solve the challenge to join"


class CodeRequired(errors.Forbidden):
    code, title = "code_required", "This queue is for those who have a code: send it along"


class CodeInvalid(errors.Forbidden):
    code, title = "code_invalid", "This code is not one of this event's"


class FormForged(errors.Forbidden):
    code, title = "form_forged", "This form came from another site: open the page and send it from there"


class RoomClosed(errors.Gone):
    code, title = "room_closed", "This waiting room is closed"


class PlaceMoved(errors.Gone):
    code, title = "place_moved", "This place was moved to another device by the link that was mailed to its address"


class LinkEnded(errors.Gone):
    code, title = "link_ended", "This link is too old: join with the address again for a new one"


class TurnOver(errors.Gone):
    code, title = "turn_over", "Your turn has ended: join again for a new place"


class NoRoom(errors.NotFound):
    code, title = "no_room", "This event has no waiting room"


class IdentityRequired(errors.Invalid):
    code, title = "identity_required", "Say who you are: an e-mail address"


class RoomAway(errors.Unavailable):
    code, title = "room_unavailable", "The waiting room is being restored: your place is safe, try again in a moment"

    def __init__(self, detail: str | None = None) -> None:
        # Jittered, so that those who were refused together do not return together.
        super().__init__(detail, retry_after_s=random.randint(RETRY_S_MIN, RETRY_S_MAX))  # noqa: S311 - spread, no secret
