"""What is checked, counted and remembered."""
