"""What a page needs before people can sign it: the list, who ticked what, test signatures, and going live."""
