"""A local, stateful stand-in for Stripe that the real Stripe SDK talks to over HTTP. Test cards only, no real money.

Start it with `python -m loadtest.sandbox --port 0 --webhook-url URL --webhook-secret whsec_...`; everything about its
behaviour can be switched while it runs at `/_sandbox/controls`.
"""
