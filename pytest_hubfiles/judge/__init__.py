"""Judges exchanges by their contracts: the schemas on file, jsonschema, the order of task states, known deviations."""
