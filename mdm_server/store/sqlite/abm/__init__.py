"""Apple Business Manager in SQLite."""
