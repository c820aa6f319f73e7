"""What a patient lets a clinician read, and who takes over from them; its rows are kept by care."""

__all__ = ["handover_answers", "handover_offers", "reading", "recipients", "shares", "timeline"]
