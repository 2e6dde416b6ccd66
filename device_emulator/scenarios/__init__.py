"""The scenarios that ship with the emulator: one file each, named like the scenario in it."""
