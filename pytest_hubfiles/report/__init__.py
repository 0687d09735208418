"""The report of a run and of a command, merged, grouped and published."""
