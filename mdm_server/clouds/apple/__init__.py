"""Apple's services: Business Manager with its device API, activation, and push."""
