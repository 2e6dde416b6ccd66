"""Virtual iPhones and iPads, and the people holding them."""
