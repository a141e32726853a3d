"""What the world defines, once: currencies, countries, categories of events, languages.

Everything that must know such a thing reads it here: API, pages and their scripts (handed over by the server), mails,
receipts, admin, the payment gateway. The payment sandbox keeps the provider's facts for itself, as the provider does;
a test holds the two side by side.
"""
