"""The Apple Push Notification service: providers on one side, devices on the other."""
