"""What can be set, what the values mean, and which source of a setting goes before which."""
