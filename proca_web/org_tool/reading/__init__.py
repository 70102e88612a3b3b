"""Exports as they come: CSV or NDJSON, row by row, and which rows were seen before."""
