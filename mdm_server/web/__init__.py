"""The only room with a web framework: listeners, limits, routes, adaptors, errors, OpenAPI.

A request goes through these modules in this order: `listener` accepts and `admission` counts, `connection` watches the
clock, `limits` reads the body, a route module gathers the facts, a use case of `mdm_server.service` answers.
"""
