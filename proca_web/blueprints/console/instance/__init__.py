"""For whoever runs the site: the organisations on it, and the accounts. Never a download, never who signed."""
