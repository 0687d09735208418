"""The command line: ``hubfiles``, a module per command."""
