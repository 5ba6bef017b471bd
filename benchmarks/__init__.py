"""Benchmarks: each room's promises measured, beside a peer, in one JSON object (`python -m benchmarks NAME`)."""
