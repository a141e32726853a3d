"""Pictures: what an organizer sends and says of one, the sizes it is kept in, and how its files are named.

ImageUnknown        404 image_unknown         the event has no such picture, the organization no logo
TooManyImages       409 too_many_images       facts: limit
ImageTypeRefused    415 image_type_refused    no JPEG, PNG, WebP or AVIF, whatever the file calls itself
UploadsAtOnce       429 uploads_at_once       one organization's pictures are developed one after the other
DarkroomAway        503 darkroom_away         no process could be started for it, or it got no time
PicturesAway        503 pictures_away         the folder cannot be used, or the bucket does not answer

What is wrong inside a file (torn, moving, too many pixels) is an Invalid at ``/file``: see FAULTS.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from engine.domain.fields import LINE_CHARS_MAX, ONE_LINE, SOME_LINE
from engine.foundation.errors import Conflict, Invalid, NotFound, TooMany, Unavailable, UnsupportedMedia

FILE_BYTES_MAX: Final = 10 * 1024 * 1024
PIXELS_MAX: Final = 40_000_000  # a camera's 40 megapixels; decoded they are 160 MB
SIDE_MAX: Final = 16_000
WIDTHS: Final = (320, 640, 1280, 1920)
IMAGES_PER_EVENT_MAX: Final = 20
KINDS: Final = MappingProxyType(
    {"webp": "image/webp", "jpg": "image/jpeg"}
)  # suffix -> content type, the smaller first
DIGEST_BYTES: Final = 16
IS_NAME: Final = re.compile(r"([0-9a-f]{32})-([1-9][0-9]{0,4})\.(webp|jpg)\Z")
PATH: Final = "/media/"
TENTHS: Final = 10

# What the darkroom says of a file that it cannot develop, in words.
FAULTS: Final = MappingProxyType(
    {
        "image_unreadable": "This picture cannot be read to its end: it is torn, or not what it says it is",
        "image_moves": "This picture moves: send one that stands still",
        "image_too_many_pixels": f"At most {PIXELS_MAX // 1_000_000} million pixels, and {SIDE_MAX} on a side",
        "image_too_costly": "This picture takes more time or memory to open than a picture may",
    }
)

Alt = Annotated[str, Meta(min_length=1, max_length=LINE_CHARS_MAX, pattern=SOME_LINE)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Place = Annotated[int, Meta(ge=0, lt=IMAGES_PER_EVENT_MAX)]


class ImageUnknown(NotFound):
    code, title = "image_unknown", "There is no such picture"


class TooManyImages(Conflict):
    code, title = "too_many_images", "No more pictures fit: delete one first"


class ImageTypeRefused(UnsupportedMedia):
    code, title = "image_type_refused", "Send a picture as JPEG, PNG, WebP or AVIF"


class UploadsAtOnce(TooMany):
    code, title = (
        "uploads_at_once",
        "Pictures of your organization are still being worked on: send the next in a moment",
    )


class DarkroomAway(Unavailable):
    code, title = "darkroom_away", "Pictures cannot be worked on right now: try again in a moment"


class PicturesAway(Unavailable):
    code, title = "pictures_away", "Pictures cannot be kept or fetched right now: try again in a moment"


class FocalPoint(Struct, frozen=True, kw_only=True):
    """What must stay in sight if the picture is cut, as shares of its width and height."""

    x: Share = 0.5
    y: Share = 0.5


class NewImage(Struct, kw_only=True):
    """What comes along with a file. ``alt``: what the picture shows, for those who do not see it."""

    alt: Alt
    focal_x: Share = 0.5
    focal_y: Share = 0.5


class NewLogo(Struct, kw_only=True):
    """What comes along with a logo's file. Without ``alt`` it is called as its organization is."""

    alt: Annotated[str, Meta(max_length=LINE_CHARS_MAX, pattern=ONE_LINE)] = ""


class ImageChange(Struct, kw_only=True):
    """Only what is sent changes. ``place`` 0 is the first of the event's pictures; ``cover`` stands on its card."""

    alt: Alt | UnsetType = UNSET
    focal_point: FocalPoint | UnsetType = UNSET
    place: Place | UnsetType = UNSET
    cover: bool | UnsetType = UNSET


class Developed(Struct, frozen=True, kw_only=True):
    """What the darkroom made of a file: its size as it is seen upright, and each width in each kind."""

    width: int
    height: int
    prints: Mapping[tuple[int, str], bytes]

    @property
    def widths(self) -> list[int]:
        return sorted({width for width, _ in self.prints})


class KeptPicture(Struct, frozen=True, kw_only=True):
    """A picture as the ledger has it: its files' names follow from digest and widths."""

    id: str
    digest: str
    width: int
    height: int
    widths: tuple[int, ...]
    alt: str
    focal_x: float
    focal_y: float

    def path(self, width: int, kind: str = "jpg") -> str:
        """Our own address of the print that is at least this wide, or of the widest."""
        kept = next((each for each in self.widths if each >= width), self.widths[-1])
        return f"{PATH}{name_of(self.digest, kept, kind)}"

    @property
    def shown(self) -> Picture:
        return Picture(
            id=self.id,
            alt=self.alt,
            width=self.width,
            height=self.height,
            focal_point=FocalPoint(x=self.focal_x, y=self.focal_y),
            paths={str(width): self.path(width) for width in self.widths},
            webp_paths={str(width): self.path(width, "webp") for width in self.widths},
        )


class Picture(Struct, frozen=True, kw_only=True):
    """A picture within what it belongs to: the cover of an event, the logo of an organization.

    ``paths`` are JPEGs by their width, at the engine's address; ``webp_paths`` the same, smaller in bytes.
    """

    id: str
    alt: str
    width: int
    height: int
    focal_point: FocalPoint
    paths: dict[str, str]
    webp_paths: dict[str, str]

    def path(self, width: int) -> str:
        """The JPEG that is at least this wide, or the widest."""
        return self.paths[self._kept(width)]

    def webp_path(self, width: int) -> str:
        """The same with what shows through kept clear."""
        return self.webp_paths[self._kept(width)]

    def height_of(self, width: int) -> int:
        """How high the picture is at this width, or as wide as it is."""
        return max(1, round(self.height * min(width, self.width) / self.width))

    def _kept(self, width: int) -> str:
        kept = [*map(int, self.paths)]
        return str(next((each for each in kept if each >= width), kept[-1]))

    @property
    def srcset(self) -> str:
        return ", ".join(f"{path} {width}w" for width, path in self.paths.items())

    @property
    def webp_srcset(self) -> str:
        return ", ".join(f"{path} {width}w" for width, path in self.webp_paths.items())

    @property
    def focus(self) -> str:
        """The focal point to a tenth, as classes that picture.css knows: pages carry no styles of their own."""
        return f"focus-x-{round(self.focal_point.x * TENTHS)} focus-y-{round(self.focal_point.y * TENTHS)}"


class Image(Struct, frozen=True, kw_only=True):
    """One picture of an event, or an organization's logo (``event_id`` is None, it is nobody's cover).

    ``urls`` are JPEGs by width, ``webp_urls`` the same smaller in bytes. A picture that is less wide is not blown up:
    several widths may lead to one file.
    """

    id: str
    organization_id: str
    event_id: str | None
    alt: str
    focal_point: FocalPoint
    place: int
    cover: bool
    width: int
    height: int
    urls: dict[str, str]
    webp_urls: dict[str, str]
    version: int
    created_at: datetime
    updated_at: datetime


def name_of(digest: str, width: int, kind: str) -> str:
    """A file's name: the same name is always the same bytes."""
    return f"{digest}-{width}.{kind}"


def names_of(digest: str, widths: Sequence[int]) -> list[str]:
    """All files of a picture."""
    return [name_of(digest, width, kind) for width in widths for kind in KINDS]


def content_type(name: str) -> str | None:
    """What a file is; None for a name that none has."""
    found = IS_NAME.match(name)
    return KINDS[found[3]] if found else None


def digest_of(image_id: str, developed: Developed) -> str:
    """The digest that names a picture's files: of its bytes, and of itself, so that no two uploads share a file."""
    digest = hashlib.blake2b(image_id.encode(), digest_size=DIGEST_BYTES)
    for key in sorted(developed.prints):
        digest.update(developed.prints[key])
    return digest.hexdigest()


def source_digest(file: bytes) -> str:
    """What tells whether a file was sent before."""
    return hashlib.blake2b(file, digest_size=DIGEST_BYTES).hexdigest()


def refused(fault: str) -> Invalid | ImageTypeRefused:
    """The refusal for what the darkroom said of a file."""
    return Invalid.at("/file", fault, FAULTS[fault]) if fault in FAULTS else ImageTypeRefused()
