"""How what is published is found: over ``listed_events``, one narrow row for each event that is shown."""
