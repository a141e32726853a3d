"""Venues, events, what is sold in them and when."""
