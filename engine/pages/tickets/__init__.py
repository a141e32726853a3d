"""Pages of tickets: the ticket itself, and handing it on."""
