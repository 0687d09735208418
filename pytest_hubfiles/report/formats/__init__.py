"""The report as text, a module per format."""
