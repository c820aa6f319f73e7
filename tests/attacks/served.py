"""The product as a process of its own, with every logger at its most talkative and nowhere to hide a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cast import SERVER_KEY
from tests.serving import MAIN, listening
from tests.waiting import own_port

TALKATIVE = f"""
import logging
logging.basicConfig(level=logging.DEBUG)
logging.debug("everything is said")
{MAIN}
"""


@dataclass
class Served:
    """A running server: where it answers, what it has said so far, and the folders that it could write to."""

    origin: str
    said: bytearray
    data: Path
    temporary: Path
    home: Path


@asynccontextmanager
async def serving(url: str, folder: Path, **more: str) -> AsyncIterator[Served]:
    """Serve the migrated database at *url*, with folders of its own below *folder*, and stop at the end."""
    data, temporary, home = folder / "data", folder / "temporary", folder / "home"
    for made in (data, temporary, home):
        made.mkdir(exist_ok=True)
    with own_port() as port:
        settings = {
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(temporary),
            "HOME": str(home),
            "HEARTHSIDE_DATA": str(data),
            "HEARTHSIDE_DATABASE_URL": url,
            "HEARTHSIDE_SERVER_KEY": SERVER_KEY.hex(),
            "HEARTHSIDE_PORT": str(port),
            "HEARTHSIDE_ORIGIN": f"http://127.0.0.1:{port}",
            **more,
        }
        async with listening("serve", code=TALKATIVE, cwd=home, settings=settings) as program:
            yield Served(settings["HEARTHSIDE_ORIGIN"], program.said, data, temporary, home)
