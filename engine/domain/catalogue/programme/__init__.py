"""What stands around an event: when it is shown to the world, what repeats it, what it was made from."""
