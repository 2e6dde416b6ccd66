"""Intelligent Hub, the application: what it asks its server, written as conversations that any device can hold."""
