"""A suite of pytest-recording or plain vcrpy taken over: its cassettes, its tests, and what to change in them."""
