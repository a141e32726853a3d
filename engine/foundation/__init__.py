"""The ground floor: ids, clock, connections, scripts, HTTP manners. Knows nothing of tickets."""
