"""The one taxonomy of events: what a category is called, and which other words mean it.

The names are ours; they follow what schema.org calls the types of Event (https://schema.org/Event: MusicEvent,
TheaterEvent, SportsEvent, ...) as far as tickets are sold for them. The first is what is stored and answered.
"""

from __future__ import annotations

import unicodedata
from typing import Final

# canonical name: the words that mean it, as ``_folded`` leaves them
_WORDS: Final[dict[str, str]] = {
    "concert": "concerts music musical-concert gig gigs live-music musicevent",
    "festival": "festivals musicfestival music-festival",
    "theatre": "theatres theater theaters theaterevent play plays drama musical musicals opera operas",
    "dance": "dances ballet ballets danceevent",
    "comedy": "comedies stand-up standup cabaret comedyevent",
    "film": "films movie movies cinema screening screenings screeningevent",
    "sports": "sport game games match matches sportsevent",
    "exhibition": "exhibitions exhibit exhibits museum museums gallery art arts exhibitionevent visualartsevent",
    "conference": "conferences congress congresses convention conventions summit summits business businessevent",
    "workshop": "workshops class classes course courses lecture lectures talk talks seminar seminars educationevent",
    "family": "families kids child children childrensevent",
    "nightlife": "club clubs clubbing party parties dj",
    "food": "foods food-and-drink food-drink drinks wine tasting tastings foodevent",
    "community": "communities charity charities fundraiser fundraisers socialevent",
    "other": "others misc miscellaneous",
}  # fmt: skip
OTHER: Final = "other"
_UNSEEN: Final = frozenset({"Mn", "Cf"})  # accents that were taken apart, and what shows nothing: joiners, directions
CATEGORIES: Final = tuple(_WORDS)
ALIASES: Final = {word: name for name, words in _WORDS.items() for word in (name, *words.split())}


def canonical(typed: str) -> str | None:
    """The category that somebody means: ``Sports `` and ``sport`` are ``sports``. None if it is none of ours."""
    return ALIASES.get(_folded(typed))


def spellings(typed: str) -> list[str]:
    """Every word that means the same category, in lower case; what is none of ours means itself."""
    name = canonical(typed)
    words = [word for word, meant in ALIASES.items() if meant == name] if name else [typed.strip().lower()]
    return words + [word.replace("-", " ") for word in words if "-" in word]


def title(name: str) -> str:
    """As a page writes it: ``Sports``."""
    return name.capitalize()


def _folded(typed: str) -> str:
    """Without case, accents, outer blanks and marks; words joined by one hyphen."""
    plain = unicodedata.normalize("NFKD", typed).casefold()
    kept = (c for c in plain if unicodedata.category(c) not in _UNSEEN)
    return "-".join("".join(c if c.isalnum() else " " for c in kept).split())
