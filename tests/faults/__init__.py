"""The fault suite: for each promise of SECURITY.md, faults that are injected for real and what they cost.

Each module ``rNN_*.py`` is one row of the table that ``make faults`` prints: a function ``run(bounded)`` injects the
faults and returns an :class:`~faults.ledger.Outcome`. ``bounded`` keeps to at least one fault of each kind;
``tests/test_faults.py`` runs that much as part of the suite.
"""
