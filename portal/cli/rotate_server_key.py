"""`hearthside rotate-server-key`: rotate the server key while the service runs."""

from __future__ import annotations

import argparse
import asyncio

from journal.accounts.addresses import carry_over
from journal.errors import JournalError
from journal.installation.installation import House
from journal.installation.key_file import KeyFile, new_key
from journal.installation.server_keys import ServerKeys
from journal.key_rotation import workers
from journal.key_rotation.server_key import Count, look_over, renew
from journal.practice import practice
from journal.store.database import opened
from portal.config import Config

PASSES = 10
LOOK_AGAIN = 1.0  # seconds, while services are waited for
VARIABLE = "HEARTHSIDE_SERVER_KEY"
FINISH = "hearthside rotate-server-key --finish"


class NotNow(JournalError):
    """The rotation cannot continue; nothing was lost, and the message tells what to do."""


def rotate(config: Config, options: argparse.Namespace) -> int:
    """Add a new key and reseal everything under it, or continue with that; with `--finish`, remove the old one."""
    asyncio.run(_rotate(config, finish=options.finish))
    return 0


async def _rotate(config: Config, *, finish: bool) -> None:
    file = KeyFile(config.key_file) if config.key_file else None
    keys = file.read() if file else (config.server_key, *config.older_keys)
    async with opened(config.database_url):
        # A key that does not open this database must not have another put before it.
        await practice.shown(House.of(ServerKeys(keys)))
        await carry_over(House.of(ServerKeys(keys)))
        if not finish:
            await _begin(file, keys)
        elif len(keys) == 1:
            print("There is one server key only, so there is nothing to finish.")
        else:
            await _finish(file, keys)


async def _begin(file: KeyFile | None, keys: tuple[bytes, ...]) -> None:
    if len(keys) == 1:
        fresh = new_key()
        if file is None:
            print(
                f"The key comes from {VARIABLE}, which only you can change. Nothing was done yet. Set it to the new"
                f" key, a space, and the key that is there now:\n\n  {VARIABLE}='{fresh.hex()} <the present key>'\n\n"
                "Restart the service, and run this command again. Where several processes serve, put the new key"
                " behind the present one first, restart them all, and then change the order."
            )
            return
        keys = (fresh, *keys)
        _write(file, keys, instead_of=keys[1:])
        print(f"The new key stands first in {file.path}. The old one stays below it until you finish.")
    await _renew(House.of(ServerKeys(keys)))
    print(
        "Everything is sealed under the new key. Copy the new key to where you keep your copy, and keep the old one for"
        f" as long as you keep backups that were made until now.\nThen put the old one away: {FINISH}"
    )


async def _finish(file: KeyFile | None, keys: tuple[bytes, ...]) -> None:
    both = House.of(ServerKeys(keys))
    await _wait(both)
    await _renew(both)
    if file is not None:
        _write(file, keys[:1], instead_of=keys)
    await _renew(both, quiet=True)  # what a process wrote just before it noticed
    closed = [count for count in await look_over(House.of(ServerKeys(keys[:1]))) if count.closed]
    if file is None:
        print(f"Nothing needs the old key any more. Leave only the first in {VARIABLE}, and restart.")
    else:
        print(f"The old key is gone from {file.path}. Backups made before this still need it.")
    for count in closed:
        print(f"Not opened by any key: {count.closed} of {count.table}. They were damaged before.")


async def _wait(house: House) -> None:
    """Wait until every process that serves seals with the new key or counts as gone."""
    patience = int((workers.ALIVE + workers.EVERY).total_seconds() / LOOK_AGAIN)
    for turn in range(patience):
        behind = await workers.behind(house)
        if not behind:
            return
        if turn == 0:
            print(f"Waiting until {behind} running service(s) use the new key …", flush=True)
        await asyncio.sleep(LOOK_AGAIN)
    raise NotNow(
        "A running service still seals with the old key. Nothing was dropped. Let it read the same key file, or"
        " restart it with both keys; then finish."
    )


async def _renew(house: House, *, quiet: bool = False) -> None:
    for _ in range(PASSES):
        counts = await renew(house, None if quiet else _tell)
        if not any(count.old for count in counts):
            return
    raise NotNow(
        "A running service goes on sealing with the old key. Restart it, and run this command again."
    )


def _tell(count: Count) -> None:
    print(f"  {count.table}: {count.rows} looked at, {count.old} sealed anew", flush=True)


def _write(file: KeyFile, keys: tuple[bytes, ...], *, instead_of: tuple[bytes, ...]) -> None:
    try:
        file.write(keys, instead_of=instead_of)
    except ValueError as error:
        raise NotNow("Somebody else is changing the key. Nothing was done; run the command again.") from error
    except OSError as error:
        raise NotNow(
            f"The key file {file.path} cannot be written ({error.strerror}). Run this as its owner, in a folder where"
            " files can be made. Nothing was changed."
        ) from error
