"""What a log says about a fleet of sessions: records folded to a view. Pure; needs the extra `dashboard`."""
