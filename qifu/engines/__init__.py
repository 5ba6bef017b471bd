"""Engines: machinery that knows no service; none imports another."""
