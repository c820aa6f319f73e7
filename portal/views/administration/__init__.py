"""The administrator's pages: the practice, people, set-up links and the audit log; nothing that anybody wrote."""

__all__ = ["audit_log", "people", "practice", "staff"]
