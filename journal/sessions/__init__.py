"""Preparation, dosing and integration sessions: keeps the plan, its dates, and what waits after a dosing session."""

__all__ = [
    "course",
    "day_state",
    "holds",
    "moments",
    "plan_key",
    "rows",
    "schedule",
    "session",
    "session_words",
]
