"""What the server remembers: the contract of the store, and SQLite behind it."""
