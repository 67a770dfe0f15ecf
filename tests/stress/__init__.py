"""Long suites that are run when asked for: `python -m tests.stress NAME...`."""
