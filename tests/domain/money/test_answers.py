"""What is kept of a buyer's answers, and what is refused of them."""

from __future__ import annotations

import pytest

from engine.domain.catalogue.questions import Asking, Question, kept
from engine.domain.money.answers import (
    NOTHING_KEPT,
    TOLD_CHARS_MAX,
    Answer,
    Attendee,
    GivenAnswer,
    GivenAttendee,
    Told,
    checked,
)
from engine.foundation.errors import Invalid

HOW = Question(id="qst_1", label="How did you hear of us?", chars_max=10)
SIZE = Question(id="qst_2", label="Shirt", kind="choice", per="attendee", choices=("S", "M"), required=True)
RULES = Question(id="qst_3", label="I keep to the rules", kind="checkbox", required=True)


def asking(*questions: Question, named: str = "off") -> Asking:
    found = Asking.of(named, questions)
    assert found is not None
    return found


def faults(of: Asking | None, told: Told, units: int = 1) -> set[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        checked(of, told, units)
    return {(fault["pointer"], fault["code"]) for fault in refused.value.errors}


def test_answers_are_kept_with_their_question_and_attendees_by_their_ticket():
    told = Told(
        (GivenAnswer("qst_3", True), GivenAnswer("qst_1", " a  poster ")),
        (
            GivenAttendee(" Bo ", "Bo@X.test", (GivenAnswer("qst_2", "M"),)),
            GivenAttendee(answers=(GivenAnswer("qst_2", "S"),)),
        ),
    )
    found = checked(asking(HOW, SIZE, RULES, named="optional"), told, 2)
    assert found.answers == (Answer("qst_1", HOW.label, "a poster"), Answer("qst_3", RULES.label, True))
    assert found.attendees == (
        Attendee("Bo", "bo@x.test", (Answer("qst_2", "Shirt", "M"),)),
        Attendee(None, None, (Answer("qst_2", "Shirt", "S"),)),
    )


def test_every_fault_is_told_at_once_with_its_pointer():
    told = Told(
        (
            GivenAnswer("qst_1", "eleven signs"),
            GivenAnswer("qst_9", "x"),
            GivenAnswer("qst_1", "x"),
            GivenAnswer("qst_3", False),
        ),
        (
            GivenAttendee("www.buy-here.test", "nobody", (GivenAnswer("qst_2", "XL"),)),
            GivenAttendee(email="b@x.test"),
            GivenAttendee(),
        ),
    )
    assert faults(asking(HOW, SIZE, RULES, named="required"), told, 2) == {
        ("/answers/0/value", "too_long"),
        ("/answers/1/question_id", "unknown_question"),
        ("/answers/2/question_id", "duplicate"),
        ("/answers/3/value", "required"),
        ("/attendees", "too_many"),
        ("/attendees/0/name", "invalid_name"),
        ("/attendees/0/email", "invalid_email"),
        ("/attendees/0/answers/0/value", "unknown_choice"),
        ("/attendees/1/name", "required"),
        ("/attendees/1/answers", "required"),
    }


@pytest.mark.parametrize(("value", "question"), [(True, HOW), ("yes", RULES), ("\x07", HOW)])
def test_an_answer_of_another_kind_is_refused(value, question):
    assert faults(asking(question), Told((GivenAnswer(question.id, value),)))


def test_an_event_that_asks_nothing_takes_nothing():
    assert checked(None, Told(), 2) is not None
    assert checked(None, Told(), 2) == NOTHING_KEPT
    assert faults(None, Told((GivenAnswer("qst_1", "x"),), (GivenAttendee("Bo"),))) == {
        ("/answers/0/question_id", "unknown_question"),
        ("/attendees/0/name", "not_asked"),
    }


def test_all_answers_of_an_order_together_have_a_limit():
    questions = [Question(id=f"qst_{n}", label="Tell us", per="attendee", chars_max=500) for n in range(10)]
    answers = tuple(GivenAnswer(question.id, "x" * 500) for question in questions)
    few = TOLD_CHARS_MAX // 5_100
    assert (
        len(checked(asking(*questions), Told(attendees=(GivenAttendee(answers=answers),) * few), few).attendees) == few
    )
    assert faults(asking(*questions), Told(attendees=(GivenAttendee(answers=answers),) * (few + 1)), few + 1) == {
        ("/attendees", "too_long")
    }


def test_a_question_of_a_published_event_is_retired_and_may_be_asked_again():
    first = kept([Question(label=" A "), Question(label="B", kind="choice", choices=("x", "y"))])
    assert [(each.label, each.retired, each.chars_max) for each in first] == [("A", False, 200), ("B", False, None)]
    second = kept([first[1], Question(label="C")], first, published=True)
    assert [(each.label, each.retired) for each in second] == [("B", False), ("C", False), ("A", True)]
    again = kept([second[2]], second, published=True)
    assert [(each.id, each.retired) for each in again[:1]] == [(first[0].id, False)]
    assert len(kept([first[1]], first)) == 1


def test_questions_that_are_none_are_refused():
    (known,) = kept([Question(label="A")])
    with pytest.raises(Invalid) as refused:
        kept(
            [
                Question(id="qst_0", label="\u200b"), Question(id=known.id, label="A", kind="checkbox"),
                Question(id=known.id, label="A"), Question(label="B", kind="choice", choices=("x",)),
                Question(label="C", kind="choice", choices=("x", "X ")), Question(label="D", choices=("x", "y")),
            ],
            [known],
            published=True,
        )  # fmt: skip
    assert [(fault["pointer"], fault["code"]) for fault in refused.value.errors] == [
        ("/questions/0/label", "invalid_value"),
        ("/questions/0/id", "unknown_question"),
        ("/questions/1/kind", "kind_fixed"),
        ("/questions/2/id", "duplicate"),
        ("/questions/3/choices", "too_few"),
        ("/questions/4/choices", "duplicate"),
        ("/questions/5/choices", "not_a_choice"),
    ]
