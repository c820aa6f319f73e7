"""What two people reply to each other about a shared copy: drafts, what was sent, and what its patient keeps."""

__all__ = ["conversation", "documents", "drafts", "endings", "keeping", "lines", "rows", "unread", "writing"]
