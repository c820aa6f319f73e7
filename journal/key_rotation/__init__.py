"""Seal everything under new keys, an account's or the server's: keeps which processes serve with which key."""

__all__ = ["account_key", "server_key", "waiting", "workers"]
