"""Open an account, sign in, come back: keeps key slots, web sessions, second factors and renewals of keys."""

__all__ = [
    "active_sessions",
    "idle_lock",
    "key_slots",
    "known_devices",
    "passwords",
    "recovery_key",
    "registration",
    "second_factor",
    "second_step",
    "sign_in",
    "totp_enrolment",
    "web_sessions",
]
