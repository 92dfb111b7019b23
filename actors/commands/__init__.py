"""The parts of the `greenroom` command that look at logs. What they need is imported in them: `--help` stays quick."""
