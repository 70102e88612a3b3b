"""What a page shows beside its own text: pictures, news, comments that were let through. Nothing here signs."""
