"""The sentences that people agree to stand where records say that they stood."""

from __future__ import annotations

import pytest

from engine.domain.accounts.consents import ACCOUNT, CHECKOUT, OF_ORGANIZERS, WORDINGS, wording
from engine.pages.accounts.preferences import LABELS
from tests.house import tree

TEMPLATES = tree.ROOT / "engine" / "pages" / "templates"


def test_the_newest_wordings_are_those_of_the_pages():
    checkout = tree.text(TEMPLATES / "checkout" / "checkout.html")
    assert WORDINGS[CHECKOUT].replace("%(name)s", "{{ name }}") in checkout, "a changed sentence is a new version"
    assert WORDINGS[ACCOUNT] in tree.text(TEMPLATES / "accounts" / "preferences.html")
    assert WORDINGS[CHECKOUT] == LABELS[OF_ORGANIZERS]


def test_a_wording_names_its_version_and_its_language():
    assert wording(CHECKOUT, "fr") == f"{CHECKOUT}/fr"
    with pytest.raises(AssertionError):
        wording("nothing", "fr")
