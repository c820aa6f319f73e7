"""From a context to a page: forms read, sentences translated and escaped, templates compiled, errors told."""

__all__ = ["errors", "escaping", "forms", "pages", "pieces", "translation"]
