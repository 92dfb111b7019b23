"""Watching a fleet by its logs. Needs the extra `dashboard`."""
