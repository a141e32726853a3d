"""How many come when."""
