"""Calls to other people's servers: the only room of the server that opens a connection."""
