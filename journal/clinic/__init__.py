"""What the care team writes for a patient's dosing days: keeps whom to call, and when they answer."""

__all__ = ["call_contacts", "hours"]
