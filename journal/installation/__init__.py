"""The installation: its server keys, clock, mail server and queues for passwords; keeps no rows."""

__all__ = [
    "bounded_cache",
    "host_names",
    "installation",
    "kept_secret_keys",
    "key_file",
    "mail_server",
    "own_process",
    "password_work",
    "private_process",
    "server_keys",
]
