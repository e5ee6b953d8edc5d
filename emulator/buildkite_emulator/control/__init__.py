"""What only an emulator has, below `/_emulator/`: faults, the clock, the request log."""
