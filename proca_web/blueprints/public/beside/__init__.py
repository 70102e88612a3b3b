"""What belongs to a petition beside its page: comments, the feed of its news, the sheet to print."""
