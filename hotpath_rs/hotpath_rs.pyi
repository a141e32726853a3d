"""onsale's hot path in Rust: tokens, ticket codes, the draw, seat maps and allocation.

Nothing here does I/O or keeps state between calls; every object is immutable and safe to share between threads.
Arguments outside their documented range raise ``ValueError``.

    ValueError
    +-- TokenError    a token or ticket code was refused, `code` says why
    +-- DrawError     an audit bundle does not prove its draw, `code` says what is wrong
"""

class TokenError(ValueError):
    """A token or ticket code was refused. ``args == (code,)``.

    `code` is one of: malformed, unknown_key, bad_signature, wrong_event, wrong_kind, expired, not_yet_valid.
    """

    code: str

class DrawError(ValueError):
    """An audit bundle does not prove its draw. ``args == (code, message)``."""

    code: str
