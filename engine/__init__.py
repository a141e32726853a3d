"""onsale's engine: holds, orders, payments, tickets and gates."""
