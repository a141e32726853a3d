"""The organizers' app: pages over the engine's services, in a process of its own."""
