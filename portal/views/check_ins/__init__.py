"""Check-ins around a dosing session and every month, as a patient fills them in, and their advice."""

__all__ = ["advice", "filling", "form_page", "overview"]
