"""Who may come in to which page: the cookie, the guard, and what guessing is counted by."""

__all__ = ["guard", "known_browser", "locked_page", "seen_state", "session_cookie"]
