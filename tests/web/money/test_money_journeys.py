"""Random orders through the whole shop: what is charged is what the model says, and refunds return exactly that."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests import factories
from tests.money_model import Terms, price
from tests.shop import Shop

REFUNDS_MAX = 12


def random_terms(dice: random.Random) -> Terms:
    taxes = {
        name: dice.choice([500, 700, 1499, 2000]) for name in dice.sample(["GST", "PST", "VAT"], dice.randint(0, 3))
    }
    kind = dice.choice(["none", "percent", "fixed"])
    return Terms(
        taxes=taxes,
        fee_bp=dice.choice([0, 333, 600]),
        fee_fixed_cents=dice.choice([0, 99]),
        buyer_pays=dice.random() < 0.7,
        percent_bp=dice.choice([1, 1250, 3333, 9_000]) if kind == "percent" else 0,
        fixed_off_cents=dice.choice([1, 777, 2500]) if kind == "fixed" else 0,
    )


async def open_event(shop: Shop, terms: Terms, faces: list[int], taxable: list[bool]) -> str | None:
    await shop.open_event(
        *[factories.general(f"S{i}", 10) for i in range(len(faces))],
        types=[
            {"categories": [f"S{i}"], "price_cents": face, "taxable": counts}
            for i, (face, counts) in enumerate(zip(faces, taxable, strict=True))
        ],
        taxes=[{"name": name, "rate_bp": bp} for name, bp in terms.taxes.items()],
        fee={
            "rate_bp": terms.fee_bp,
            "fixed_cents": terms.fee_fixed_cents,
            "paid_by": "buyer" if terms.buyer_pays else "organizer",
        },
    )
    if not terms.percent_bp and not terms.fixed_off_cents:
        return None
    await shop.services.common.pool.execute(
        "INSERT INTO promo_codes (id, event_id, code, kind, value) VALUES ($1, $2, 'LESS', $3, $4)",
        f"promo_{shop.event_id[4:]}",
        shop.event_id,
        "percent" if terms.percent_bp else "fixed",
        terms.percent_bp or terms.fixed_off_cents,
    )
    return "LESS"


@pytest.mark.parametrize("seed", range(4))
async def test_a_random_order_costs_what_the_model_says_and_is_returned_to_the_cent(shop: Shop, seed: int):
    dice = random.Random(seed)
    terms = random_terms(dice)
    faces = [dice.choice([1010, 3195, 4999, 100, 33_333]) for _ in range(dice.randint(1, 3))]
    taxable = [dice.random() < 0.8 for _ in faces]
    counts = [dice.randint(1, 3) for _ in faces]
    promo = await open_event(shop, terms, faces, taxable)
    owner = await shop.organizer()
    items = [{"ticket_type_id": kind, "quantity": count} for kind, count in zip(shop.types, counts, strict=True)]
    body: dict[str, Any] = {"event_id": shop.event_id, "items": items} | ({"promo_code": promo} if promo else {})
    hold = await shop.ask("POST", "/v1/holds", body, Idempotency_Key=shop.key())
    assert hold.status == 201, hold.body
    spread = [i for i, count in enumerate(counts) for _ in range(count)]
    model = price([faces[i] for i in spread], [taxable[i] for i in spread], terms)
    total = sum(ticket.total for ticket in model)
    assert hold["price"]["total_cents"] == total
    assert [line["total_cents"] for line in hold["price"]["lines"]] == [ticket.total for ticket in model]
    order = await shop.order(hold)
    assert order["amount_cents"] == total, order.body
    assert (await shop.pay(order))[0] == 200
    await shop.until(order, "paid")

    left, tickets = total, {ticket["id"] for ticket in await shop.tickets(order)}
    returned = []
    for number in range(REFUNDS_MAX):
        wish: dict[str, Any] = {"reason": "test"}
        if number == REFUNDS_MAX - 1:
            pass  # all that is left
        elif tickets and dice.random() < 0.4:
            wish["lines"] = [dice.choice(sorted(tickets))]
        else:
            wish["amount_cents"] = dice.randint(1, max(1, left // 2))
        answer = await shop.ask(
            "POST", f"/v1/orders/{order['order_id']}/refunds", wish, Authorization=owner, Idempotency_Key=shop.key()
        )
        if answer.status == 409:
            assert answer["code"] == "refund_exceeds_paid"
            assert answer["refundable_cents"] == left
            continue
        assert answer.status == 201, answer.body
        tickets -= set(answer["lines"])
        returned.append(answer.body)
        left -= answer["amount_cents"]
    assert left == 0
    assert sum(refund["amount_cents"] for refund in returned) == total
    assert sum(refund["net_cents"] for refund in returned) == sum(t.face - t.off + t.fee for t in model)
    for name in terms.taxes:
        assert sum(refund["taxes"][name] for refund in returned) == sum(ticket.taxes[name] for ticket in model)
    status = await shop.until(order, "refunded")
    assert (status["refunded_cents"], status["tickets"]["by_status"]) == (total, {"refunded": len(model)})
