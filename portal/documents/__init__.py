"""What somebody takes away or prints: the pages of an archive, the recovery key, the sentences of the log."""

__all__ = ["archive_pages", "event_sentences", "page_reading", "printing", "recovery_kit", "secret_key_kit"]
