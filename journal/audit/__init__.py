"""Who opened or changed what, when: keeps the audit log, its chain and its key; ids only."""

__all__ = ["acts", "chain", "chain_worker", "events", "key", "log", "proven", "query", "verification"]
