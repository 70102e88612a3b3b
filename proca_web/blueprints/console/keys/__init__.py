"""An org's keys in its console: the pages, the acts, and how a refusal is answered."""
