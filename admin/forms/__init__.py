"""What organizers type, noun by noun: read with every fault at once, shown again as it was typed."""
