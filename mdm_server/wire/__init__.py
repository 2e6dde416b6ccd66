"""What the bytes mean: plist, check-in messages, commands, results, profiles. A leaf that the emulator shares."""
