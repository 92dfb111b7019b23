"""The fleet in a browser. Needs the extra `dashboard`."""
