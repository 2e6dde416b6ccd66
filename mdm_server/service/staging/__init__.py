"""Staging, registration, login and lockout: the use cases of the Hub, of Android, and of whoever administers them."""
