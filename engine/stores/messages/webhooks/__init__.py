"""Webhooks out in the ledger, and how they leave."""
