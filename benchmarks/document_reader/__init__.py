"""Reads generated, damaged plans with the official-document reader and counts what came out right, wrong and silently wrong."""
