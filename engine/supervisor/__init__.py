"""``onsale up``: every part of the product as a child of one process, started in order and stopped in reverse."""
