"""Mails about what people agreed to, and about what is held of them."""
