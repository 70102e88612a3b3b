"""The life of orgs' keys and its public history."""
