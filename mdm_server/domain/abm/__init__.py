"""Apple Business Manager as its customer sees it: tokens of our servers there, their devices, and who gets what."""
