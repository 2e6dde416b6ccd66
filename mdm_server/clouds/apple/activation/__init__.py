"""Activation: a device that starts for the first time, or after an erase, asks Apple who it is and who manages it."""
