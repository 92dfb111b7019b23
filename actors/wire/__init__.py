"""Dialects, pure: a request to a body, bytes to chunks. One file a dialect."""
