"""Services: one folder for each system of the plan; none imports another."""
