"""greenroom: an actor-model runtime for LLM sessions."""
