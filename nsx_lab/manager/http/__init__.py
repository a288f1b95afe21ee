"""The wire: a server over TLS, who may come in, the Policy API, and the control plane beside it."""
