"""The vendors' services, each usable alone by somebody else's MDM."""
