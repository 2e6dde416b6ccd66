"""Measures what the README promises, beside the floor that the protocol's own cryptography sets."""
