"""A view of the fleet as rows of text: pure, so that it needs no terminal to be tested."""
