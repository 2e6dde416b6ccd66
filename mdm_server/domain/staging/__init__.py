"""Staging, registration, login and lockout: what the server believes about whose device is whose, and who may not.

Pure: records, transition tables and rules. Nothing here reads a clock, draws a number or touches a store.
"""
