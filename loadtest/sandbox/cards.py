"""Stripe's published test cards and `pm_card_*` names, and what each of them does when it is charged."""

from __future__ import annotations

from dataclasses import dataclass, replace

from loadtest.sandbox import country_cards


@dataclass(frozen=True, slots=True)
class Decline:
    code: str
    decline_code: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Card:
    """One test payment method, and what becomes of it."""

    # `pays_late` goes through `processing`. `disputed` is the reason of a later dispute; an `inquiry` takes no money.

    brand: str = "visa"
    last4: str = "4242"
    country: str = "US"
    funding: str = "credit"
    kind: str = "card"
    needs_challenge: bool = False
    decline: Decline | None = None
    pays_late: str | None = None  # "succeeds" | "fails" | "stays"
    disputed: str | None = None
    inquiry: bool = False
    refund: str = "succeeded"  # "succeeded" | "pending" (settles later) | "failed" (fails later)


_DECLINED = "Your card was declined."
GENERIC = Decline("card_declined", "generic_decline", _DECLINED)
INSUFFICIENT = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")
LOST = Decline("card_declined", "lost_card", _DECLINED)
STOLEN = Decline("card_declined", "stolen_card", _DECLINED)
FRAUDULENT = Decline("card_declined", "fraudulent", _DECLINED)
VELOCITY = Decline("card_declined", "card_velocity_exceeded", _DECLINED)
EXPIRED = Decline("expired_card", None, "Your card has expired.")
INCORRECT_CVC = Decline("incorrect_cvc", None, "Your card's security code is incorrect.")
PROCESSING = Decline(
    "processing_error", None, "An error occurred while processing your card. Try again in a little bit."
)
INCORRECT_NUMBER = Decline("incorrect_number", None, "Your card number is incorrect.")
LIVE_CARD = Decline(
    "card_declined", "test_mode_live_card",
    "Your card was declined. Your request was in test mode, but used a non test card. For a list of valid test cards, "
    "visit: https://stripe.com/docs/testing.",
)  # fmt: skip
UNAUTHENTICATED = Decline(
    "payment_intent_authentication_failure", None,
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod "
    "to attempt to fulfill this PaymentIntent again.",
)  # fmt: skip

AUTHENTICATION_REQUIRED = Decline(
    "authentication_required", "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)  # fmt: skip
ACTION_UNWANTED = Decline(
    "authentication_required", None,
    "This payment required an authentication action to complete, but `error_on_requires_action` was set.",
)  # fmt: skip

_VISA = Card()
_CHALLENGE = replace(_VISA, needs_challenge=True)

NUMBERS: dict[str, Card] = {
    "4242424242424242": _VISA,
    "4000056655665556": replace(_VISA, last4="5556", funding="debit"),
    "5555555555554444": Card("mastercard", "4444"),
    "2223003122003222": Card("mastercard", "3222"),
    "5200828282828210": Card("mastercard", "8210", funding="debit"),
    "5105105105105100": Card("mastercard", "5100", funding="prepaid"),
    "378282246310005": Card("amex", "0005"),
    "371449635398431": Card("amex", "8431"),
    "6011111111111117": Card("discover", "1117"),
    "6011000990139424": Card("discover", "9424"),
    "3056930009020004": Card("diners", "0004"),
    "36227206271667": Card("diners", "1667"),
    "3566002020360505": Card("jcb", "0505"),
    "6200000000000005": Card("unionpay", "0005"),
    "6011981111111113": Card("discover", "1113", funding="debit"),
    "6555900000604105": Card("discover", "4105"),
    "6200000000000047": Card("unionpay", "0047", funding="debit"),
    "6205500000000000004": Card("unionpay", "0004"),
    "3530111333300000": Card("jcb", "0000"),
    "4000002500001001": Card("cartes_bancaires", "1001", country="FR"),
    "5555552500001001": Card("cartes_bancaires", "1001", country="FR"),
    "4000058260000005": Card("visa", "0005", country="GB", funding="debit"),
    "5555558265554449": Card("mastercard", "4449", country="GB"),
    **{
        number: replace(_VISA, last4=number[-4:], country=country.upper())
        for country, number in country_cards.NUMBERS.items()
    },
    "4000000000000093": replace(_VISA, last4="0093"),
    "4000000000000010": replace(_VISA, last4="0010"),
    "4000000000000028": replace(_VISA, last4="0028"),
    "4000000000000036": replace(_VISA, last4="0036"),
    "4000000000000044": replace(_VISA, last4="0044"),
    "4000000000000101": replace(_VISA, last4="0101"),
    "4000000000009235": replace(_VISA, last4="9235"),
    "4000000000005423": replace(_VISA, last4="5423"),
    "4000000000003097": replace(_VISA, last4="3097"),
    "4000008400001280": replace(_CHALLENGE, last4="1280", decline=PROCESSING),
    "4000000000000077": replace(_VISA, last4="0077"),
    "4000000000000002": replace(_VISA, last4="0002", decline=GENERIC),
    "4000000000009995": replace(_VISA, last4="9995", decline=INSUFFICIENT),
    "4000000000009987": replace(_VISA, last4="9987", decline=LOST),
    "4000000000009979": replace(_VISA, last4="9979", decline=STOLEN),
    "4000000000000069": replace(_VISA, last4="0069", decline=EXPIRED),
    "4000000000000127": replace(_VISA, last4="0127", decline=INCORRECT_CVC),
    "4000000000000119": replace(_VISA, last4="0119", decline=PROCESSING),
    "4000000000006975": replace(_VISA, last4="6975", decline=VELOCITY),
    "4100000000000019": replace(_VISA, last4="0019", decline=FRAUDULENT),
    "4000000000004954": replace(_VISA, last4="4954", decline=FRAUDULENT),
    "4000000000000341": replace(_VISA, last4="0341", decline=GENERIC),
    "4000000000003220": replace(_CHALLENGE, last4="3220"),
    "4000000000003063": replace(_CHALLENGE, last4="3063"),
    "4000002760003184": replace(_CHALLENGE, last4="3184"),
    "4000002500003155": replace(_CHALLENGE, last4="3155"),
    "4000008260003178": replace(_CHALLENGE, last4="3178", decline=INSUFFICIENT),
    "4000008400001629": replace(_CHALLENGE, last4="1629", decline=GENERIC),
    "4000003800000446": replace(_VISA, last4="0446"),
    "4000000000003055": replace(_VISA, last4="3055"),
    "4000000000000259": replace(_VISA, last4="0259", disputed="fraudulent"),
    "4000000000002685": replace(_VISA, last4="2685", disputed="product_not_received"),
    "4000000000001976": replace(_VISA, last4="1976", disputed="general", inquiry=True),
    "4000000000007726": replace(_VISA, last4="7726", refund="pending"),
    "4000000000005126": replace(_VISA, last4="5126", refund="failed"),
}

_BANK = Card("us_bank_account", "6789", kind="us_bank_account", funding="debit")
NAMES: dict[str, Card] = {
    "pm_card_visa": _VISA,
    "pm_card_visa_debit": NUMBERS["4000056655665556"],
    "pm_card_mastercard": NUMBERS["5555555555554444"],
    "pm_card_mastercard_debit": NUMBERS["5200828282828210"],
    "pm_card_mastercard_prepaid": NUMBERS["5105105105105100"],
    "pm_card_amex": NUMBERS["378282246310005"],
    "pm_card_discover": NUMBERS["6011111111111117"],
    "pm_card_diners": NUMBERS["3056930009020004"],
    "pm_card_jcb": NUMBERS["3566002020360505"],
    "pm_card_unionpay": NUMBERS["6200000000000005"],
    "pm_card_us": _VISA,
    **{f"pm_card_{country}": NUMBERS[number] for country, number in country_cards.NUMBERS.items()},
    "pm_card_gb_debit": NUMBERS["4000058260000005"],
    "pm_card_gb_mastercard": NUMBERS["5555558265554449"],
    "pm_card_visa_cartesBancaires": NUMBERS["4000002500001001"],
    "pm_card_mastercard_cartesBancaires": NUMBERS["5555552500001001"],
    "pm_card_domesticPricing": NUMBERS["4000000000000093"],
    "pm_card_avsFail": NUMBERS["4000000000000010"],
    "pm_card_avsLine1Fail": NUMBERS["4000000000000028"],
    "pm_card_avsZipFail": NUMBERS["4000000000000036"],
    "pm_card_avsUnchecked": NUMBERS["4000000000000044"],
    "pm_card_cvcCheckFail": NUMBERS["4000000000000101"],
    "pm_card_riskLevelElevated": NUMBERS["4000000000009235"],
    "pm_card_riskLevelHighest": NUMBERS["4000000000004954"],
    "pm_card_createIssuerFraudRecord": NUMBERS["4000000000005423"],
    "pm_card_amex_threeDSecureNotSupported": NUMBERS["378282246310005"],
    "pm_card_threeDSecureOptionalProcessingError": NUMBERS["4000000000003097"],
    "pm_card_threeDSecureRequiredProcessingError": NUMBERS["4000008400001280"],
    "pm_card_bypassPending": NUMBERS["4000000000000077"],
    "pm_card_chargeDeclined": NUMBERS["4000000000000002"],
    "pm_card_visa_chargeDeclined": NUMBERS["4000000000000002"],
    "pm_card_chargeDeclinedInsufficientFunds": NUMBERS["4000000000009995"],
    "pm_card_visa_chargeDeclinedInsufficientFunds": NUMBERS["4000000000009995"],
    "pm_card_visa_chargeDeclinedLostCard": NUMBERS["4000000000009987"],
    "pm_card_visa_chargeDeclinedStolenCard": NUMBERS["4000000000009979"],
    "pm_card_chargeDeclinedExpiredCard": NUMBERS["4000000000000069"],
    "pm_card_chargeDeclinedIncorrectCvc": NUMBERS["4000000000000127"],
    "pm_card_chargeDeclinedProcessingError": NUMBERS["4000000000000119"],
    "pm_card_visa_chargeDeclinedVelocityLimitExceeded": NUMBERS["4000000000006975"],
    "pm_card_chargeDeclinedFraudulent": NUMBERS["4100000000000019"],
    "pm_card_radarBlock": NUMBERS["4100000000000019"],
    "pm_card_chargeCustomerFail": NUMBERS["4000000000000341"],
    "pm_card_threeDSecure2Required": NUMBERS["4000000000003220"],
    "pm_card_threeDSecureRequired": NUMBERS["4000000000003063"],
    "pm_card_threeDSecureOptional": NUMBERS["4000000000003055"],
    "pm_card_threeDSecureRequiredChargeDeclined": NUMBERS["4000008400001629"],
    "pm_card_authenticationRequired": NUMBERS["4000002760003184"],
    "pm_card_authenticationRequiredOnSetup": NUMBERS["4000002500003155"],
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": NUMBERS["4000008260003178"],
    "pm_card_authenticationRequiredSetupForOffSession": NUMBERS["4000003800000446"],
    "pm_card_createDispute": NUMBERS["4000000000000259"],
    "pm_card_createDisputeProductNotReceived": NUMBERS["4000000000002685"],
    "pm_card_createDisputeInquiry": NUMBERS["4000000000001976"],
    "pm_card_pendingRefund": NUMBERS["4000000000007726"],
    "pm_card_refundFail": NUMBERS["4000000000005126"],
    "pm_usBankAccount_success": replace(_BANK, pays_late="succeeds"),
    "pm_usBankAccount_insufficientFunds": replace(_BANK, pays_late="fails", last4="2227", decline=INSUFFICIENT),
    "pm_usBankAccount_processing": replace(_BANK, pays_late="stays", last4="0009"),
}

TOKENS = {f"tok_{name.removeprefix('pm_card_')}": card for name, card in NAMES.items() if name.startswith("pm_card_")}


def by_number(number: str) -> Card | Decline:
    """The published test card, or why any other number is refused. Numbers are never stored: only the last four."""
    digits = "".join(ch for ch in number if ch.isdigit())
    card = NUMBERS.get(digits)
    if card is not None:
        return card
    return LIVE_CARD if luhn(digits) else INCORRECT_NUMBER


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B: the check digit of a card number."""
    if not 12 <= len(digits) <= 19:  # noqa: PLR2004 - the lengths the standard allows
        return False
    total = sum(sum(divmod(int(digit) * (1 + index % 2), 10)) for index, digit in enumerate(reversed(digits)))
    return total % 10 == 0
