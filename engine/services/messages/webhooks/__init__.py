"""Webhooks out: what organizations are told, program to program."""
