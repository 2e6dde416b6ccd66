"""The management server, and the wire it speaks. Imports nothing at import time."""
