"""Scanners, scans, and who is inside."""
