"""The plan and each of its sessions, as patients and their clinicians see and change them."""

__all__ = [
    "day_notes",
    "plan",
    "plan_layout",
    "session_edit",
    "session_form",
    "session_lines",
    "sitter_link",
    "sitter_notes",
    "waiting",
]
