"""Ways to price: steps of a ticket type, discounts of a group, what taxes are usual where."""
