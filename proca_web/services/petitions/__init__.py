"""What is shown and counted: orgs, campaigns, pages, their words and numbers."""
