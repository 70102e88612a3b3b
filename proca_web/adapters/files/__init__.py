"""What the files of this host allow."""
