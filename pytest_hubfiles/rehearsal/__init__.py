"""Which tests break under which change of the API."""
