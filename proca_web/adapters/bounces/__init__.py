"""Mails that came back: what names each mail on its way out, and who says that it came back."""
