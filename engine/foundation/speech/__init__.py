"""What is said to people, in their language: words from the catalogues, dates, money and numbers by its habits.

A request, or a mail being written, has one language at a time (``tongue``); everything here asks it. Sentences are
written in English where they are said, ``say("Sold out")``, and are the keys of the catalogues in engine/words
(gettext, kept by ``make words``). Facts stand in them as ``%(name)s``, and a percent sign as ``%%``.
"""
