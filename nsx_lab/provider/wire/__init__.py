"""The manager as the provider's SDK speaks to it: settings, TLS, HTTP, models, and the words for what goes wrong."""
