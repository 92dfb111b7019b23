"""Companies: sessions that work together, and talk to each other by name."""
