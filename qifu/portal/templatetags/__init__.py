"""Template tags of the house's look."""
