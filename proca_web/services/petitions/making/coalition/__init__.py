"""Several orgs in one campaign: who takes part, on which terms, and whose page goes live. Every act holds the campaign.

A partner's copies are its own: nothing here ever gives anybody a copy that the people who signed were not told of.
"""
