"""The only room with a web framework: routes, adaptors, limits, OpenAPI."""
