"""Pages and plots that load nothing, run nothing and obey no text in them. Pure."""
