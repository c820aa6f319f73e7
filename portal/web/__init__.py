"""From a context to a page: forms read, sentences translated and escaped, templates compiled, errors told."""

__all__ = [
    "cached_macros",
    "care_team",
    "dates",
    "device_cookies",
    "entry_names",
    "errors",
    "escaping",
    "forms",
    "pages",
    "template_compiler",
    "translation",
]
