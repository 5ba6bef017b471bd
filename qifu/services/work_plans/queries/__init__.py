"""Questions about reviews and plans; they never write. Pages and API ask here and never touch the models."""
