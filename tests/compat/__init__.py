"""The plugin beside what real suites use: each plugin and client of a table, in an environment of its own.

``python -m compat`` sets the environments up with uv, records from the sandbox, replays with it gone, makes it drift,
and holds what the runs report against what must be. It prints the table that ``docs/compatibility.md`` has.
"""
