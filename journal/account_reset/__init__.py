"""Begin anew after every key is lost: keeps what was set aside, and brings back what can come back."""

__all__ = ["reset", "reset_links", "retained_records", "returned_shares"]
