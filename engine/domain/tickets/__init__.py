"""Rights of entry."""
