"""What a run looks like to a person, and to a machine."""
