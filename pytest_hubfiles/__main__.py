"""``python -m pytest_hubfiles`` is the command ``hubfiles``."""

from pytest_hubfiles.cli.main import main

main(prog_name="hubfiles")
