"""How a device reaches a server: sockets, memory, the push courier."""
