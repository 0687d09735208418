"""The types that every package shares: an exchange, its body, a finding and its severity, the states of a task."""
