"""Reset an account whose keys are lost: keeps its old records, and restores what can be opened."""

__all__ = ["reset", "reset_links", "retained_records", "returned_shares"]
