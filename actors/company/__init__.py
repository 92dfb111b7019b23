"""Companies: sessions that have children, what they are to each other, and the agents that they are."""
