"""One device and its person, without I/O: happenings in, requests and events out."""
