"""What is known of an address by its fingerprint alone: how many mails today, who said no, who has signed."""
