"""One module a noun: decode the form, ask a service, show a page."""
