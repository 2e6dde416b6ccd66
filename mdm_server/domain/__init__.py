"""What the server believes and decides: pure functions and transition tables, without clock, chance or I/O."""
