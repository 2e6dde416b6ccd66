"""Setup Assistant: from the first greeting to the home screen, and the person who goes through it."""
