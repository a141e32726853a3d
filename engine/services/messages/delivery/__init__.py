"""How messages leave, what becomes of them, and sending again."""
