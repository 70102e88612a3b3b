"""People who work here: passwords, places in orgs, the record of what they did, mails to them."""
