"""Films: which addresses are one, what they are kept as, and what is no film of these hosts."""

from __future__ import annotations

import pytest

from engine.domain.catalogue.media import videos
from engine.foundation.errors import Invalid

FILM = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


@pytest.mark.parametrize(
    "url",
    [
        FILM,
        "http://youtube.com/watch?list=PL1&v=dQw4w9WgXcQ&t=3",
        "https://youtu.be/dQw4w9WgXcQ?si=x",
        " https://m.youtube.com/shorts/dQw4w9WgXcQ ",
        "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ",
        "https://www.youtube.com/live/dQw4w9WgXcQ",
    ],
)
def test_a_film_has_one_address_however_it_is_copied(url):
    assert videos.kept(url) == FILM
    assert videos.find(url).frame_url == "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?autoplay=1&rel=0"


@pytest.mark.parametrize(
    ("url", "kept", "framed"),
    [
        ("https://vimeo.com/76979871", "https://vimeo.com/76979871", "/video/76979871?dnt=1&autoplay=1"),
        (
            "https://player.vimeo.com/video/76979871?h=abcdef0123",
            "https://vimeo.com/76979871/abcdef0123",
            "/video/76979871?dnt=1&autoplay=1&h=abcdef0123",
        ),
    ],
)
def test_a_film_that_is_not_listed_keeps_its_key(url, kept, framed):
    assert videos.kept(url) == kept
    assert videos.find(kept).frame_url == videos.VIMEO + framed


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.test/watch?v=dQw4w9WgXcQ",
        "https://youtube.com.evil.test/watch?v=dQw4w9WgXcQ",
        "https://youtube.com@evil.test/watch?v=dQw4w9WgXcQ",
        "https://www.youtube.com/watch?v=short",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ'\"><script>",
        "https://www.youtube.com/",
        "https://youtu.be/dQw4w9WgXcQ/../../x",
        "https://youtube.com:99999/watch?v=dQw4w9WgXcQ",
        "https://[youtube.com/watch",
        "https://vimeo.com/channels/staff",
        "javascript:alert(1)//youtube.com",
        "//youtu.be/dQw4w9WgXcQ",
        "dQw4w9WgXcQ",
    ],
)
def test_what_is_no_film_of_these_hosts_is_refused(url):
    with pytest.raises(Invalid) as refused:
        videos.kept(url)
    assert refused.value.errors[0]["pointer"] == "/video_url"


@pytest.mark.parametrize("url", [None, "", "  "])
def test_no_film_is_no_film(url):
    assert videos.kept(url) is None
