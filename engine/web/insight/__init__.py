"""What was sold, told to organizers."""
