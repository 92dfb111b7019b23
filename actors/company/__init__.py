"""Companies: sessions that have children, what they are to each other, the agents that they are, and how they talk."""
