"""Questions about policies; they never write."""
