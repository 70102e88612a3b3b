"""What an operator does about mail."""
