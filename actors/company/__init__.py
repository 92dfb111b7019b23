"""Companies: sessions that work together, under one tree. Pure parts: `accounts`."""
