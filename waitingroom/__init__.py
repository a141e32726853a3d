"""The waiting room: the queue is arithmetic, the draw is provable, capacity is decided by one script."""
