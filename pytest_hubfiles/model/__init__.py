"""The types that cross borders: an exchange, its body, a finding and what it weighs, the states of a task."""
