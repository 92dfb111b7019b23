"""`greenroom chat`: a conversation in a terminal, or one question from a script."""
