"""What is done to an order after it was paid."""
