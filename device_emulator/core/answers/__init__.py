"""How a device answers commands: one function per request type, in one module per theme."""
