"""Companies: sessions that have children, and what they are to each other."""
