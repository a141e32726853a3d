"""What staff do to the inventory: they sell from it over a counter, and keep places from sale."""
