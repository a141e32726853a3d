"""Accounts of organizations at the payment provider, and what was paid out of them."""
