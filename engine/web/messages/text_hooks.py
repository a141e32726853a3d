"""What providers of texts tell us over HTTP: that one arrived, or never will."""

from __future__ import annotations

from urllib.parse import parse_qsl

import msgspec
from aiohttp import web
from msgspec import Struct

from engine.domain.messages import hooks
from engine.foundation import bodies, errors, http
from engine.services.appkeys import NOTIFICATIONS, SETTINGS
from engine.services.money.webhooks import SignatureRefused
from engine.web.route import Route

HOOK_BYTES_MAX = 64 * 1024
SMS_PATH = "/v1/webhooks/sms"
WHATSAPP_PATH = "/v1/webhooks/whatsapp"


class HookReceipt(Struct):
    """``known``: it told us something new of a text of ours."""

    received: bool
    known: bool


async def receive_sms(request: web.Request) -> web.Response:
    """A status of an SMS: a form that the provider signed."""
    raw = await bodies.read(request, HOOK_BYTES_MAX)
    settings = request.config_dict[SETTINGS]
    fields = _fields(raw)
    url = settings.engine_url.rstrip("/") + SMS_PATH
    if not hooks.is_from_sms(
        settings.sms_secret.get_secret_value(), url, fields, request.headers.get("X-Twilio-Signature", "")
    ):
        raise SignatureRefused
    return await _noted(request, "sms", hooks.of_sms(fields))


async def receive_whatsapp(request: web.Request) -> web.Response:
    """An event of the WhatsApp server, signed with the key that we share."""
    raw = await bodies.read(request, HOOK_BYTES_MAX)
    key = request.config_dict[SETTINGS].whatsapp_hook_key.get_secret_value()
    if not hooks.is_from_whatsapp(key, raw, request.headers.get("X-Webhook-Hmac", "")):
        raise SignatureRefused
    try:
        told = hooks.of_whatsapp(raw)
    except msgspec.DecodeError as error:
        raise errors.Malformed("This is no event of the server") from error
    return await _noted(request, "whatsapp", told)


async def _noted(request: web.Request, channel: hooks.TextChannel, told: hooks.Told | None) -> web.Response:
    known = told is not None and await request.config_dict[NOTIFICATIONS].told_by_provider(
        channel, told.provider_id, told.status, told.said
    )
    return http.json(HookReceipt(received=True, known=known))


def _fields(raw: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(raw.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=hooks.FIELDS_MAX)
    except ValueError as error:
        raise errors.Malformed("This is no form of the provider") from error


ROUTES: tuple[Route, ...] = (
    Route("POST", SMS_PATH, receive_sms, "provider", "webhook", gives=HookReceipt, repeats="always").refuses(
        SignatureRefused, errors.TooLarge, errors.Malformed
    ),
    Route("POST", WHATSAPP_PATH, receive_whatsapp, "provider", "webhook", gives=HookReceipt, repeats="always").refuses(
        SignatureRefused, errors.TooLarge, errors.Malformed
    ),
)
