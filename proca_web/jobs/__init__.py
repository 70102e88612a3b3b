"""What the worker does when it is woken, and every minute.

Jobs take no data, find their work in the tables, and may run twice or side by side.
"""
