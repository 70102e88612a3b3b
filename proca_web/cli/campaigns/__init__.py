"""What a campaign's command line shows beside its settings."""
