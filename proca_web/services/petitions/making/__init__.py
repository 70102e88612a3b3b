"""What an org does to run a campaign: write, look, invite, approve, go live, end. Each act stands in its record."""
