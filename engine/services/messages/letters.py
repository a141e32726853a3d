"""A mail as the bytes that travel: a text, the same as HTML with its pictures, and papers.

The standard library builds a tree of parts and folds every one of them again when it is written: 4 ms for a mail with
a PDF. The parts have a fixed form, so they are written down in order, each encoded once.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import hotpath_rs
from engine.services.messages.heads import Head
from engine.stores.messages.letter import Letter

_CRLF = b"\r\n"
# "=_" stands in no quoted-printable text and in no base64, so no part can hold a boundary.
_MIXED, _ALTERNATIVE, _RELATED = b"=_onsale_mixed", b"=_onsale_alternative", b"=_onsale_related"


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG that the HTML shows by ``cid:`` and its id."""

    cid: str
    png: bytes


@dataclass(frozen=True, slots=True)
class Paper:
    """A file that is attached: a PDF, or what ``media`` says."""

    name: str
    content: bytes
    media: str = "application/pdf"


def written(head: Head, text: str, html: str, pictures: Sequence[Picture] = (), papers: Sequence[Paper] = ()) -> Letter:
    """The whole mail, of as many parts as it needs. Names and ids are ASCII without quotes."""
    page = _text("html", html)
    if pictures:
        page = _multipart("related", _RELATED, [page, *[_picture(picture) for picture in pictures]])
    body = _multipart("alternative", _ALTERNATIVE, [_text("plain", text), page])
    if papers:
        body = _multipart("mixed", _MIXED, [body, *[_paper(paper) for paper in papers]])
    return Letter(head.sender.address, head.to.address, head.written() + b"MIME-Version: 1.0\r\n" + body)


def _multipart(kind: str, boundary: bytes, parts: Iterable[bytes]) -> bytes:
    opened = b"\r\n--" + boundary + _CRLF
    head = b'Content-Type: multipart/%s; boundary="%s"\r\n' % (kind.encode(), boundary)
    return head + b"".join([opened + part for part in parts]) + b"\r\n--" + boundary + b"--\r\n"


def _text(kind: str, text: str) -> bytes:
    # One kind of line end before encoding: what is left as it is would otherwise be an encoded sign.
    plain = text.replace("\r\n", "\n").encode()
    encoded = binascii.b2a_qp(plain, quotetabs=False, istext=True, header=False).replace(b"\n", _CRLF)
    head = b'Content-Type: text/%s; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    return head % kind.encode() + encoded


def _picture(picture: Picture) -> bytes:
    name = picture.cid.encode("ascii")
    return (
        b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
        b'Content-ID: <%s>\r\nContent-Disposition: inline; filename="%s.png"\r\n\r\n' % (name, name)
    ) + hotpath_rs.base64_lines(picture.png)


def _paper(paper: Paper) -> bytes:
    head = (
        b"Content-Type: %s\r\nContent-Transfer-Encoding: base64\r\n"
        b'Content-Disposition: attachment; filename="%s"\r\n\r\n'
    )
    return head % (paper.media.encode("ascii"), paper.name.encode("ascii")) + hotpath_rs.base64_lines(paper.content)
