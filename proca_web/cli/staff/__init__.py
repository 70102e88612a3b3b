"""Commands about people: their accounts, places in orgs, and where they are signed in."""
