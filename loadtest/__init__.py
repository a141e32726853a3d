"""Rehearsals of an on-sale and the payment sandbox they pay at; speaks HTTP and imports nothing of the product."""
