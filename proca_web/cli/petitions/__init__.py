"""Commands about petitions beside those that make, change and list them."""
