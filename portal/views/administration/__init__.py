"""The administrator's pages: people, set-up links and the audit log; nothing that anybody wrote."""

__all__ = ["audit_log", "people", "staff"]
