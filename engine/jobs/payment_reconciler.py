"""Ends every open order: settled, expired or asked about again, always by the provider's word."""

from __future__ import annotations

from engine.services.money.payments import Payments


class PaymentReconciler:
    """One step each two seconds; an order ends within its deadline and 120 s where the provider answers."""

    name = "payment_reconciler"
    interval_s = 2.0

    def __init__(self, *, payments: Payments) -> None:
        self._payments = payments

    async def step(self) -> int:
        """Bounded by RECONCILED_PER_STEP."""
        return await self._payments.reconcile()
