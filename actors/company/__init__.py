"""Companies: sessions that have children, what they are to each other, and how they talk."""
