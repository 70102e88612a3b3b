"""A page's form: what it holds as it is typed, what of that passes, and how a page looks before it is saved."""
