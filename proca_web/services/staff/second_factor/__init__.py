"""The second step of signing in: an app that shows codes, passkeys, ten recovery codes; and what to do without them.

Nothing here asks for a password, and no password ever takes the place of a second step.
"""
