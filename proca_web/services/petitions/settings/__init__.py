"""What an org says about itself, and the mail server it may have of its own."""
