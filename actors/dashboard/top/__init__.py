"""`greenroom top`: a fleet in a terminal. What is shown is made in `rows`, purely; the rest is textual."""
