"""The `hearthside` command."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import uvicorn

from journal import practice
from journal.demo import load_demo
from journal.errors import JournalError
from journal.house import House
from journal.positions import OF_STAFF, POSITIONS
from journal.practice import WrongKey
from journal.store import Store, migrate
from portal import __version__, cli_audit, cli_backup, cli_doctor, cli_rotate, logs
from portal.app import create_app
from portal.config import Config, ConfigError
from portal.errors import GONE
from portal.wire import serving

T = TypeVar("T")
KEY_BESIDE = (
    "The server key lies beside the data. For real people, keep it apart: HEARTHSIDE_SERVER_KEY_FILE."
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; gives its exit code: 0 done, 1 refused, 2 where settings or the server key do not fit."""
    options = _parser().parse_args(arguments)
    environment = dict(os.environ)
    if options.data:
        environment["HEARTHSIDE_DATA"] = options.data
    logs.hush()
    try:
        return int(options.run(Config.from_mapping(environment), options))
    except ConfigError as error:
        print("Hearthside cannot start:", *error.problems, sep="\n  ", file=sys.stderr)
        return 2
    except WrongKey as error:
        print(error.message, file=sys.stderr)
        return 2
    except JournalError as error:
        print(error.message, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hearthside", description="A sealed journal, shared on the patient's terms."
    )
    parser.add_argument("--version", action="version", version=f"hearthside {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    table: Mapping[str, tuple[Callable[[Config, argparse.Namespace], int], str]] = {
        "run": (_run, "migrate, load the demonstration into an empty data folder, and serve on this machine"),
        "serve": (_serve, "serve; the database must have been migrated"),
        "migrate": (_migrate, "bring the database to this version's shape"),
        "setup-link": (_setup_link, "print a one-time link with which one of the staff opens an account"),
        "backup": (cli_backup.back_up, "copy the database to a new file, also while the service runs"),
        "doctor": (cli_doctor.examine, "look the installation over and say what to mend"),
        "restore": (cli_backup.restore, "put a backup into an empty data folder"),
        "rotate-server-key": (cli_rotate.rotate, "change the server key, also while the service runs"),
        "verify-audit": (cli_audit.verify_audit, "check the audit log, against a head kept elsewhere"),
    }
    for name, (run, help_text) in table.items():
        command = commands.add_parser(
            name, help=help_text, description=f"{help_text[0].upper()}{help_text[1:]}."
        )
        command.add_argument("--data", help="folder for the database (HEARTHSIDE_DATA)")
        if name in ("backup", "restore"):
            command.add_argument("file", metavar="FILE", help="the backup")
        if name == "rotate-server-key":
            cli_rotate.add_options(command)
        if name == "verify-audit":
            cli_audit.add_options(command)
        if name == "setup-link":
            command.add_argument(
                "--role",
                choices=[one.key for one in OF_STAFF],
                default=OF_STAFF[0].key,
                help="what they are here (therapist); an administrator lets people in and reads nothing",
            )
        if name == "run":
            command.add_argument("--no-demo", action="store_true", help="start with an empty practice")
        command.set_defaults(run=run)
    return parser


def _run(config: Config, options: argparse.Namespace) -> int:
    asyncio.run(migrate(config.database_url))
    state = asyncio.run(
        _in_house(config, lambda house: _begin(house, config.origin, demo=not options.no_demo))
    )
    print(f"\n  Hearthside is at {config.origin}\n  {state}\n", flush=True)
    return _serve(config, options)


async def _begin(house: House, origin: str, *, demo: bool) -> str:
    """Load the demonstration or make a set-up link, if nothing is there yet; gives what to say."""
    known = await practice.shown(house)
    if known is None and demo:
        await load_demo(house)
        known = await practice.shown(house)
    if known is None:
        return f"Set up the first clinician's account: {origin}/setup/{await practice.new_setup_link(house)}"
    if known.is_demo:
        return (
            "A demonstration. Sign in as alice@example.org (alice reads by lamplight)"
            " or bob@example.org (bob listens by lamplight)."
        )
    if known.damaged:
        return "The record of the practice is damaged, so its name is not shown. Run: hearthside doctor."
    return f"The practice is {known.name}. Sign in there."


def _serve(config: Config, options: argparse.Namespace) -> int:
    logs.begin(config.log)
    _warn(config)
    with suppress(*GONE):  # the start itself tells of a database that does not answer
        asyncio.run(_in_house(config, practice.shown))
    server = uvicorn.Server(serving(create_app(config), config))
    with suppress(KeyboardInterrupt):
        server.run()
    return 0 if server.started else 1


def _warn(config: Config) -> None:
    if config.key_is_beside_the_data:
        logs.event(logging.WARNING, KEY_BESIDE)


def _migrate(config: Config, options: argparse.Namespace) -> int:
    asyncio.run(migrate(config.database_url))
    print("The database has this version's shape.")
    return 0


def _setup_link(config: Config, options: argparse.Namespace) -> int:
    token = asyncio.run(
        _in_house(config, lambda house: practice.new_setup_link(house, POSITIONS[options.role]))
    )
    print(f"{config.origin}/setup/{token}")
    return 0


async def _in_house(config: Config, act: Callable[[House], Coroutine[Any, Any, T]]) -> T:
    store = await Store.open(config.database_url)
    try:
        with store.use():
            return await act(config.house())
    finally:
        await store.close()
