"""Many devices: who they are, when they arrive, what drives them, what is counted."""
