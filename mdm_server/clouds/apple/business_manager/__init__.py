"""Apple Business Manager: whose devices there are, which MDM server each has, and what a device is told."""
