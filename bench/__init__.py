"""Benchmarks of the real thing: a real server, real forms over loopback, real files; ratios within one run.

Absolute numbers depend on the machine. What is quoted is the ratio to a null Flask route on the same server, to raw
equal inserts into the same database, or to raw PyNaCl.
"""
