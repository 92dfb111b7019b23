"""Companies: sessions that work together, under one tree."""
