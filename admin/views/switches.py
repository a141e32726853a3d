"""What of the platform is switched on, for its own people."""

from __future__ import annotations

from aiohttp import web

from admin.forms import filled
from admin.forms.switches import WORD, SwitchForm
from admin.visit import Visit
from engine.domain.accounts.flags import EFFECTS, PlatformFlags


async def show(visit: Visit) -> web.Response:
    flags = await visit.services.accounts.flags.read(visit.person)
    return await _page(visit, flags, filled.fresh(SwitchForm))


async def turn(visit: Visit) -> web.Response:
    """Switch one part of the platform off or on."""
    flags = await visit.services.accounts.flags.read(visit.person)  # who may not learns nothing of what is a mistake
    form = filled.read(SwitchForm, visit.form)

    async def act(typed: SwitchForm) -> str:
        await visit.services.accounts.flags.change(visit.person, typed.given())
        return f"{EFFECTS[typed.flag][0]}: switched {typed.to}, everywhere within a second."

    note = await form.carry_out(act)
    if note is None:
        return await _page(visit, flags, form)
    return await visit.go("/switches", note, tone="good" if form.value("to") == "on" else "warn")


async def _page(visit: Visit, flags: PlatformFlags, form: filled.Filled[SwitchForm]) -> web.Response:
    parts = [
        (flag, name, effect, getattr(flags, flag), flag in flags.off_by_settings)
        for flag, (name, effect) in EFFECTS.items()
    ]
    return await visit.page(
        "switches/show.html", parts=parts, word=WORD, changed_at=flags.changed_at, form=form, status=form.status
    )
