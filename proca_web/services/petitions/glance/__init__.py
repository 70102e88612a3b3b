"""An org's console at a glance: how many, what waits for somebody, what is live. Reads only; never who signed."""
