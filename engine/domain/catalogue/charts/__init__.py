"""Seating charts: the names and places in them, the chart of an event without seats, charts of other programs."""
