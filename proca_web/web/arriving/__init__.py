"""What a request is before a route is found: who calls, which host it names, and where a damaged link leads."""
