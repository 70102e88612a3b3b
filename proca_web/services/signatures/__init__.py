"""What a supporter starts: signing, mail, confirming, release, clearing."""
