"""Orders, payments, refunds."""
