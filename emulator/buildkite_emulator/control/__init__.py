"""What only an emulator has, below `/_emulator/`: faults, the clock and the request log."""
