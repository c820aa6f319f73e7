"""Whom an account belongs to: keeps its profile, address and status, and says whether its keys are still its own."""

__all__ = [
    "addresses",
    "current_keys",
    "details",
    "key_log",
    "log_memory",
    "names",
    "notices",
    "profiles",
    "seen_states",
    "signing_keys",
    "status",
    "successions",
]
