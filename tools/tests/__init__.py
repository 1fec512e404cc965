"""Tests of the template, the documents made from it and the tools: `make tools-test`. Standard library only."""
