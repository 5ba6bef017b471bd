"""Questions about enterprise problems; they never write."""
