"""How what people type is folded before it is compared or kept: one function for addresses, codes, names, labels each.

Folding is for comparing and for keys; what is shown keeps the writer's spelling. Every function gives its own result
back when it is asked again.

NotAnAddress is a ValueError: the text is no e-mail address, and nobody can be told apart by it.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable

import idna
from confusable_homoglyphs import confusables

ADDRESS_CHARS_MAX = 254  # RFC 5321, 4.5.3.1.3
LOCAL_CHARS_MAX = 64  # RFC 5321, 4.5.3.1.1
LABEL_CHARS_MAX = 63  # RFC 1035, 2.3.4
STEPS_MAX = 8

# Default_Ignorable_Code_Point of Unicode 16: zero width, joiners, direction marks, fillers, variation selectors, tags.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
INVISIBLE = _INVISIBLE.pattern.removesuffix("+")  # one of them, for the patterns of others
# Of these what writing needs: joiners, variation selectors of letters and emoji, tags of flags.
_JOINING = "\u034f\u180b-\u180d\u180f\u200c\u200d\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef"
_NEVER_IN_NAMES = re.compile(f"(?![{_JOINING}]){INVISIBLE}|[\ufff9-\ufffb]")
_JOINING_NOTHING = re.compile(
    f"(?:^|(?<= ))[{_JOINING}]+|(?<=[\u200c\u200d\u034f\ufe00-\ufe0f])[\u200c\u200d\u034f\ufe00-\ufe0f]+"
)
# Controls, halves of surrogate pairs, and what Unicode will never make a character.
_NEVER_TEXT = "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_NO_TEXT = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_NEVER_TEXT}]")
_EMPTY_LOOKS = frozenset("\U0001d159")  # drawn as nothing, though it is a sign
# General category Pd, and what is typed and read as a dash: minus, hyphen bullet, superscript minus, macron.
_DASHES = re.compile(
    "[-\u058a\u05be\u1400\u1806\u2010-\u2015\u2043\u207b\u208b\u2212\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u2e5d"
    "\u301c\u3030\u30a0\ufe31\ufe32\ufe58\ufe63\uff0d\U00010d6e\U00010ead\u02d7\u2796\u00af\u02c9]"
)
_BLANKS = re.compile(r"[\s\u2800]+")
# Crockford's base 32, in which order numbers are written; fewer characters than these are rather a name.
_LOOKS_LIKE = str.maketrans("OIL", "011")
_NUMBER = re.compile("[0-9A-HJKMNP-TV-Z]{6,10}\\Z")
# Of these, what some text needs: joiners of scripts and emoji, variation selectors.
_UNSEEN = re.compile(f"(?![\u200c\u200d\ufe00-\ufe0f]){_INVISIBLE.pattern.removesuffix('+')}")
# Small letters of Cyrillic and Greek whose capital or small form has the shape of a Latin one.
_SHAPES = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0455\u0456\u0458\u04bb\u0501\u051b\u051d"
    "\u03b1\u03b2\u03b5\u03b6\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u0131",
    "abekmhopctyxsijhdqw" + "abezhikmnoptyxi",
)
# Text that the rules below would leave as it is: nearly every address that is ever sent.
_PLAIN = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\Z"
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\Z")
_ASCII_ALIKE = re.compile(r"[A-Za-z0-9]\Z")
# What a local part cannot hold unquoted, and nobody types: a quoted one is refused as a whole.
_NEVER_LOCAL = re.compile(r'[\s@"(),:;<>\[\]\\\x00-\x1f\x7f-\x9f]')


class NotAnAddress(ValueError):  # noqa: N818 - an answer of the caller's refusals, no fault of ours
    """This is no e-mail address."""


def visible(text: str) -> str:
    """Without what nobody sees, in one form of each letter (NFKC)."""
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)))


def email_folded(text: str) -> str:
    """The address under which a person is known, however it is typed. NotAnAddress.

    Trimmed, lower-cased, NFKC, nothing invisible, the domain in its ASCII form (punycode, without the root's dot). It
    is also the address that mail goes to: the spelling somebody typed may be another person's mailbox.
    """
    plain = text.strip().lower()
    if plain.isascii() and _PLAIN.match(plain) and "xn--" not in plain:
        return _in_length(plain)
    folded = text_folded(text)
    local, at, domain = folded.rpartition("@")
    if not local or not at or _NEVER_LOCAL.search(local):
        raise NotAnAddress("An address has a name, an @ and a domain")
    return _in_length(f"{local}@{_domain(domain)}")


def code_folded(code: str) -> str:
    """The code as it is compared: capitals, NFKC, without dashes, blanks and what nobody sees. Empty: it is no code."""
    return _settled(lambda text: _BLANKS.sub("", _DASHES.sub("", visible(visible(text).upper()))), code)


def code_shown(code: str) -> str:
    """The code as its owner reads it again: capitals, one kind of dash, no blanks around it. Never compared."""
    return _settled(lambda text: _BLANKS.sub(" ", _DASHES.sub("-", visible(visible(text).upper()))).strip(), code)


def number_folded(text: str) -> str | None:
    """What order numbers begin with that somebody typed from hearing or reading; None if no number begins so.

    Blanks and dashes are left out, and the letters O, I and L are the digits they look like: no number has those.
    """
    number = code_folded(text).translate(_LOOKS_LIKE)
    return number if _NUMBER.match(number) else None


def text_folded(text: str) -> str:
    """A name that a program gave itself or somebody: trimmed, lower-cased, NFKC, nothing invisible."""
    return _settled(lambda given: visible(visible(given).lower()).strip(), text)


def label_kept(text: str) -> str:
    """A printed label as it is kept: a section, a row, a seat, a category. NFC, single blanks, none around it.

    What nobody sees is left out, but for the joiners and variation selectors that scripts and emoji are written with,
    between the letters that they join.
    """
    return _settled(_label_step, text)


def label_seen(text: str) -> str:
    """What tells two labels apart for somebody who reads them on a ticket and looks for them on a wall.

    Without regard to case, blanks, forms of a letter or a dash, and to which alphabet a letter of one shape is from.
    """
    return _settled(lambda given: _BLANKS.sub("", _DASHES.sub("-", visible(given).casefold())), text).translate(_SHAPES)


def name_kept(text: str) -> str:
    """A person's name as it is kept and shown, in NFC; whether it is one, ``is_name`` says.

    Blanks are one blank each, none around it. Joiners, variation selectors and emoji stay: words are written with them.
    Marks of direction and everything else that nobody sees go: they would turn the line around, or hide a text in it.
    """
    return _settled(_name_step, text)


def is_name(text: str) -> bool:
    """Whether it shows something, and has no controls. Letters newer than our tables are letters."""
    return not _NO_TEXT.search(text) and any(_is_seen(sign) for sign in _INVISIBLE.sub("", text))


def _is_seen(sign: str) -> bool:
    """Whether it shows something by itself: no blank, no mark on nothing. A newer sign is a letter."""
    kind = unicodedata.category(sign)
    return (kind[0] in "LNPS" or kind in {"Cn", "Co"}) and sign not in _EMPTY_LOOKS


def _label_step(text: str) -> str:
    seen = _BLANKS.sub(" ", unicodedata.normalize("NFC", _UNSEEN.sub("", text)))
    return _JOINING_NOTHING.sub("", seen).strip()


def _name_step(text: str) -> str:
    seen = _NEVER_IN_NAMES.sub("", unicodedata.normalize("NFC", _BLANKS.sub(" ", text)))
    return _JOINING_NOTHING.sub("", seen).strip()


def _settled(step: Callable[[str], str], text: str) -> str:
    """The step repeated until it changes nothing: what it takes away may bring letters together that are one letter."""
    for _ in range(STEPS_MAX):
        before, text = text, step(text)
        if text == before:
            break
    return text


def _domain(domain: str) -> str:
    """In ASCII. NotAnAddress."""
    domain = domain.removesuffix(".")
    try:
        ascii_domain = domain if domain.isascii() and "xn--" not in domain else idna.encode(domain, uts46=True).decode()
        if "xn--" in ascii_domain:  # a label that says nothing else than its ASCII letters is no other domain
            ascii_domain = idna.encode(idna.decode(ascii_domain), uts46=True).decode()
    except (idna.IDNAError, UnicodeError) as error:
        raise NotAnAddress("This domain cannot be") from error
    if not ascii_domain or not all(_LABEL.match(label) for label in ascii_domain.split(".")):
        raise NotAnAddress("This domain cannot be")
    return ascii_domain


def _in_length(address: str) -> str:
    local, _, domain = address.rpartition("@")
    long = len(address.encode()) > ADDRESS_CHARS_MAX or len(local.encode()) > LOCAL_CHARS_MAX
    if long or any(len(label) > LABEL_CHARS_MAX for label in domain.split(".")):
        raise NotAnAddress("This address is too long")
    return address


def look(name: str) -> str:
    """How a name looks, whatever letters it is written with: two names of one look are taken for each other.

    A letter of another script counts as the Latin one that it looks like (``confusables`` of Unicode's UTS 39, as the
    library keeps them), each in its own case; accents stay, for they are seen.
    """
    return _settled(lambda given: text_folded("".join(map(_alike, visible(given)))), name)


def _alike(letter: str) -> str:
    return letter if letter.isascii() else _likeness().get(letter, letter)


@functools.cache
def _likeness() -> dict[str, str]:
    """Letters beyond ASCII -> the ASCII letter or digit that each is taken for; read with the first name compared."""
    found = {}
    for sign, others in confusables.confusables_data.items():
        like = {other["c"] for other in others if _ASCII_ALIKE.match(other["c"])}
        if len(sign) == 1 and not sign.isascii() and like:
            found[sign] = min(like, key=lambda other: (not other.isalpha(), other.isupper() != sign.isupper(), other))
    return found
