"""Mail out: letters and finished forms, the connection that hands them over, and what the server said to it.

What SMTP says about a recipient is told as an Outcome; its text, which may hold the address, is never logged.
"""
