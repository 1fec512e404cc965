"""The Python of the tests, and what the tools and generators share with them. Run from the root: `python -m tests...`."""
