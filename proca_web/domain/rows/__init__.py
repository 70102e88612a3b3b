"""What stands in a file an org gets and in the box it opens: columns, plaintext, what a spreadsheet must not run."""
