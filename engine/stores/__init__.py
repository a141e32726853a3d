"""What Postgres and Redis hold, read and written. Services decide; a store does.

A store is a class if it keeps something between calls: a pool whose transactions it opens, the hot connection of its
scripts, a GroupCommit. It is called ``<Noun>Store``; what speaks to a server of somebody else is a ``<Name>Gateway``.
Everything else is a function over ``db`` (or ``hot``): the caller hands in a pool, or the connection of its own
transaction. A function that only makes sense inside a transaction, like ``lock``, takes a Connection.
"""
