"""Typed answers, pure: a type as a schema, how an endpoint is asked for it, and the way from text to a value."""
