"""Drives the real site (granian, worker, collected static files) in Debian's Chromium: see pages.py for what is opened."""
