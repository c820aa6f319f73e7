"""`hearthside rotate-server-key`: rotate the server key while the service runs."""

from __future__ import annotations

import argparse
import asyncio

from journal.accounts.addresses import upgrade_indexes
from journal.errors import JournalError
from journal.installation.installation import Installation
from journal.installation.key_file import KeyFile, generate_key
from journal.installation.server_keys import ServerKeys
from journal.key_rotation import workers
from journal.key_rotation.server_key import ColumnCount, count_rows, reseal_all
from journal.practice import practice
from journal.store.database import open_for_command
from portal.config import Config

MAX_PASSES = 10
POLL_SECONDS = 1.0  # seconds, while services are waited for
KEY_VARIABLE = "HEARTHSIDE_SERVER_KEY"
FINISH_COMMAND = "hearthside rotate-server-key --finish"


class RotationBlocked(JournalError):
    """The rotation cannot continue; nothing was lost, and the message tells what to do."""


def rotate_server_key(config: Config, options: argparse.Namespace) -> int:
    """Add a new key and reseal everything under it, or continue with that; with `--finish`, remove the old one."""
    asyncio.run(_run_rotation(config, finish=options.finish))
    return 0


async def _run_rotation(config: Config, *, finish: bool) -> None:
    file = KeyFile(config.key_file) if config.key_file else None
    keys = file.read() if file else (config.server_key, *config.older_keys)
    async with open_for_command(config.database_url):
        # A key that does not open this database must not have another put before it.
        await practice.load_practice_view(Installation.from_server_keys(ServerKeys(keys)))
        await upgrade_indexes(Installation.from_server_keys(ServerKeys(keys)))
        if not finish:
            await _begin_rotation(file, keys)
        elif len(keys) == 1:
            print("There is one server key only, so there is nothing to finish.")
        else:
            await _finish_rotation(file, keys)


async def _begin_rotation(file: KeyFile | None, keys: tuple[bytes, ...]) -> None:
    if len(keys) == 1:
        fresh = generate_key()
        if file is None:
            print(
                f"The key comes from {KEY_VARIABLE}, which only you can change. Nothing was done yet. Set it to the new"
                f" key, a space, and the key that is there now:\n\n  {KEY_VARIABLE}='{fresh.hex()} <the present"
                " key>'\n\n"
                "Restart the service, and run this command again. Where several processes serve, put the new key"
                " behind the present one first, restart them all, and then change the order."
            )
            return
        keys = (fresh, *keys)
        _write_keys(file, keys, instead_of=keys[1:])
        print(f"The new key stands first in {file.path}. The old one stays below it until you finish.")
    await _reseal(Installation.from_server_keys(ServerKeys(keys)))
    print(
        "Everything is sealed under the new key. Copy the new key to where you keep your copy, and keep the old one for"
        f" as long as you keep backups that were made until now.\nThen put the old one away: {FINISH_COMMAND}"
    )


async def _finish_rotation(file: KeyFile | None, keys: tuple[bytes, ...]) -> None:
    both = Installation.from_server_keys(ServerKeys(keys))
    await _wait_for_workers(both)
    await _reseal(both)
    if file is not None:
        _write_keys(file, keys[:1], instead_of=keys)
    await _reseal(both, quiet=True)  # what a process wrote just before it noticed
    closed = [
        count
        for count in await count_rows(Installation.from_server_keys(ServerKeys(keys[:1])))
        if count.unopened
    ]
    if file is None:
        print(f"Nothing needs the old key any more. Leave only the first in {KEY_VARIABLE}, and restart.")
    else:
        print(f"The old key is gone from {file.path}. Backups made before this still need it.")
    for count in closed:
        print(f"Not opened by any key: {count.unopened} of {count.table}. They were damaged before.")


async def _wait_for_workers(installation: Installation) -> None:
    """Wait until every process that serves seals with the new key or counts as gone."""
    patience = int((workers.WORKER_TIMEOUT + workers.REPORT_INTERVAL).total_seconds() / POLL_SECONDS)
    for turn in range(patience):
        behind = await workers.count_outdated_workers(installation)
        if not behind:
            return
        if turn == 0:
            print(f"Waiting until {behind} running service(s) use the new key …", flush=True)
        await asyncio.sleep(POLL_SECONDS)
    raise RotationBlocked(
        "A running service still seals with the old key. Nothing was dropped. Let it read the same key file, or"
        " restart it with both keys; then finish."
    )


async def _reseal(installation: Installation, *, quiet: bool = False) -> None:
    for _ in range(MAX_PASSES):
        counts = await reseal_all(installation, None if quiet else _print_count)
        if not any(count.old for count in counts):
            return
    raise RotationBlocked(
        "A running service goes on sealing with the old key. Restart it, and run this command again."
    )


def _print_count(count: ColumnCount) -> None:
    print(f"  {count.table}: {count.rows} looked at, {count.old} sealed anew", flush=True)


def _write_keys(file: KeyFile, keys: tuple[bytes, ...], *, instead_of: tuple[bytes, ...]) -> None:
    try:
        file.write(keys, expected=instead_of)
    except ValueError as error:
        raise RotationBlocked(
            "Somebody else is changing the key. Nothing was done; run the command again."
        ) from error
    except OSError as error:
        raise RotationBlocked(
            f"The key file {file.path} cannot be written ({error.strerror}). Run this as its owner, in a folder where"
            " files can be made. Nothing was changed."
        ) from error
