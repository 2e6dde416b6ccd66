"""What the server believes and decides: pure functions and transition tables. No I/O."""
