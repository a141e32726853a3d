"""What a change of one event's questions is for another date of its series."""

from __future__ import annotations

from engine.domain.catalogue.questions import Question, QuestionsChange, for_sibling

SHIRT = Question(id="qst_1", label="Shirt", kind="choice", choices=("S", "M"))
NEWS = Question(id="qst_2", label="News?", kind="checkbox")
THEIRS = (
    Question(id="qst_8", label="shirt", kind="choice", choices=("S", "M")),
    Question(id="qst_9", label="News?", kind="text", retired=True),
)


def ids(given: QuestionsChange, *, published: bool) -> list[str]:
    return [each.id for each in for_sibling(given, (SHIRT, NEWS), THEIRS, published=published).questions]


def test_a_question_is_theirs_by_its_words_and_new_to_them_else() -> None:
    reworded = Question(id=SHIRT.id, label="Size", kind="choice", choices=("S", "M", "L"))
    asked = QuestionsChange(questions=[NEWS, Question(label="Diet"), reworded])
    assert ids(asked, published=True) == ["", "", "qst_8"], "theirs of the same words is answered by a text, not a tick"


def test_what_may_have_been_answered_is_not_answered_otherwise() -> None:
    asked = QuestionsChange(questions=[Question(id=SHIRT.id, label="Shirt")])
    assert ids(asked, published=True) == [""]
    assert ids(asked, published=False) == ["qst_8"]


def test_one_of_theirs_is_asked_once_and_the_live_one_first() -> None:
    live, old = (
        Question(id="qst_6", label="News?", kind="checkbox"),
        Question(id="qst_7", label="News?", kind="checkbox", retired=True),
    )
    asked = QuestionsChange(questions=[NEWS])
    assert [each.id for each in for_sibling(asked, (NEWS,), (live, old), published=True).questions] == ["qst_6"]
