"""One use case a file: the facts of a request in, an answer out. No web framework."""
