"""Pictures, films and formatted text: what an event shows of itself."""
