"""Companies: sessions that work together. Agents and who they become, who calls whom, and what goes along."""
