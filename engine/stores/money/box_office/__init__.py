"""The box office: what is sold over a counter, given to guests, and kept in a drawer."""
