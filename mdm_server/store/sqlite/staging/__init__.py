"""Staging in SQLite: one room for each transaction, one module for each kind of record, and what follows the wire."""
