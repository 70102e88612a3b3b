"""What templates of a petition get, wherever they are shown: served, tried as a draft, looked at in the console."""
