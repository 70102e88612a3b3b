"""How mail is carried: what a server's answers mean, how much at once it takes, which domains must wait. Pure.

The clock is an argument everywhere: seconds that only go forward. Nothing here waits, connects or knows an address.
"""
