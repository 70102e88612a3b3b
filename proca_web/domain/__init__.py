"""Values, rules and state tables of petitions. Pure: no Flask, no database, no keys, no clock of its own."""
