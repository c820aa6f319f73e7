"""`hearthside migrate`: migrate the database to this version's schema."""

from __future__ import annotations

import argparse
import asyncio

from journal.store.database import migrate
from portal.config import Config


def migrate_database(config: Config, options: argparse.Namespace) -> int:
    """Migrate the database, if that was not done yet."""
    asyncio.run(migrate(config.database_url))
    print("The database has this version's shape.")
    return 0
