"""Every way in: registration, a passkey, the second step, confirming, unlocking, the recovery key, a reset."""

__all__ = [
    "account_reset",
    "confirm",
    "idle_lock",
    "passkey_sign_in",
    "patient_registration",
    "recovery_key",
    "second_step",
    "staff_registration",
]
