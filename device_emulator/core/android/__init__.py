"""A virtual Android device and the person holding it, sans-I/O, driven by the same verbs as the iPhone beside it."""
