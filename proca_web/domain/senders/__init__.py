"""Whether mails of a From address can be told from forgeries: SPF, DKIM and DMARC as texts, judged in plain words.

Asks nobody: what the name server says comes in through `Names`.
"""
