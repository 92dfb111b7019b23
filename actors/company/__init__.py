"""Companies: many sessions that work together."""
