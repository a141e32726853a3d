"""Signing in, and the account's own settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from admin.forms.fields import Name
from admin.forms.filled import Form
from engine.domain.accounts.people import (
    EMAIL_CHARS_MAX,
    INVITATION_TOKEN_CHARS_MAX,
    PASSWORD_CHARS_MAX,
    Credentials,
    PasswordChange,
    Registration,
)
from engine.domain.accounts.second_factor import CHALLENGE_CHARS_MAX, CODE_CHARS_MAX, ChallengeAnswer
from engine.foundation import shapes

# A password is taken as it is typed, blanks and all.
Password = Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=PASSWORD_CHARS_MAX)]


class SignInForm(Form):
    LABELS: ClassVar[Mapping[str, str]] = {"email": "E-mail address"}

    email: str = Field(min_length=1, max_length=EMAIL_CHARS_MAX)
    password: Password

    def given(self) -> Credentials:
        return shapes.build(self.model_dump(), Credentials)


class SecondFactorForm(Form):
    """``challenge`` is what the password was answered with."""

    LABELS: ClassVar[Mapping[str, str]] = {"code": "Code"}

    challenge: str = Field(min_length=1, max_length=CHALLENGE_CHARS_MAX)
    code: str = Field(min_length=1, max_length=CODE_CHARS_MAX)

    def given(self) -> ChallengeAnswer:
        return shapes.build(self.model_dump(), ChallengeAnswer)


class FirstCodeForm(Form):
    """``secret`` is shown again with a wrong code."""

    LABELS: ClassVar[Mapping[str, str]] = {"code": "Code"}

    secret: str = Field("", max_length=CODE_CHARS_MAX)
    code: str = Field(min_length=1, max_length=CODE_CHARS_MAX)


class RegisterForm(Form):
    """``invitation`` is the token of a mailed one; a fault of it belongs to the whole form."""

    LABELS: ClassVar[Mapping[str, str]] = {"name": "Your name", "email": "E-mail address"}

    name: Name
    email: str = Field(min_length=1, max_length=EMAIL_CHARS_MAX)
    password: Password
    invitation: str | None = Field(None, max_length=INVITATION_TOKEN_CHARS_MAX)

    def given(self) -> Registration:
        return shapes.build(self.model_dump(), Registration)


class PasswordForm(Form):
    current_password: Password
    new_password: Password

    def given(self) -> PasswordChange:
        return shapes.build(self.model_dump(), PasswordChange)
