"""vcrpy's only user: its patches of the HTTP clients, its hooks and its configuration."""
