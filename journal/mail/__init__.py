"""Who is told what by mail, in which words, and how it gets out: keeps the messages that wait."""

__all__ = ["letters", "mail_addresses", "messages", "outbox"]
