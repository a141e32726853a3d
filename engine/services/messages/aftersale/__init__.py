"""Mails about tickets that change hands, and about orders that are corrected."""
