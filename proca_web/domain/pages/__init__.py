"""What a page promises and asks: who receives, in which words, towards which goal."""
