"""One's own second factor, set up here by who may not go on without it."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from admin.forms import filled
from admin.forms.accounts import FirstCodeForm
from admin.guard import FACTOR_PATH
from admin.views.accounts import caller_of
from admin.visit import Visit
from engine.domain.accounts.errors import SecondFactorIsOff, SecondFactorIsOn, SecondFactorWrong


async def show(visit: Visit) -> web.Response:
    return await _page(visit)


async def begin(visit: Visit) -> web.Response:
    """A fresh key for the app; it counts once a code of it was shown."""
    try:
        enabled = await visit.services.accounts.second_factors.enable(visit.person)
    except SecondFactorIsOn:
        return await visit.go(FACTOR_PATH)
    return await _page(visit, begun=enabled.secret)


async def confirm(visit: Visit) -> web.Response:
    """The first code; the recovery codes are shown this once."""
    form = filled.read(FirstCodeForm, visit.form)
    caller, factors = caller_of(visit.request), visit.services.accounts.second_factors
    try:
        codes = await form.carry_out(lambda typed: factors.confirm(visit.person, typed.code, caller))
    except SecondFactorWrong as refusal:
        form.errors["code"] = str(refusal.detail)
        codes = None
    except (SecondFactorIsOn, SecondFactorIsOff):
        return await visit.go(FACTOR_PATH)
    if codes is None:
        return await _page(visit, form=form, begun=form.value("secret"), status=form.status)
    return await _page(visit, codes=codes.recovery_codes)


async def _page(visit: Visit, status: int = 200, **context: Any) -> web.Response:
    shown = {"form": filled.Filled(), "begun": "", "codes": (), "is_due": visit.is_factor_due, **context}
    return await visit.page("accounts/factor.html", status=status, **shown)
