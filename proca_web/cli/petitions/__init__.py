"""Orgs, campaigns and pages, from the command line: what `add` sets, `edit` changes and `list --json` shows."""
