"""What could run words as a program: shells, evaluated code, statements of pasted text; and where chance comes from."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.test_architecture import imports, modules, source

CODE = [
    path for path in modules("crypto", "journal", "portal", "templates") if "migrations" not in path.parts
]
VERBS = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|WHERE|ORDER BY|VALUES|LIMIT)\b")
JOINED = {
    "journal/audit/chain_worker.py": {"places"},  # as many places as there are values
    "journal/audit/query.py": {"order"},  # one of two words of ours
    "journal/entries/entries.py": {"SELECT_ENTRIES", "later", "len(values) + 1"},  # constants, and a number
    "journal/vault/record_state.py": {"INLINE_LIMIT + 1", "sql"},  # a number of ours, and a statement
    "journal/store/statements.py": {
        "', '.join(columns)",
        "', '.join(parts)",
        "each",
        "number",
        "_shift_placeholders(sql, before)",
    },  # statements as they were written down, put together
}
"""What is put into a text of SQL that is written down: never a value. Each was looked at."""


@cache
def tree(path: Path) -> ast.Module:
    """Parse a file, once for all tests."""
    return ast.parse(source(path))


def calls(tree: ast.AST) -> Iterator[str]:
    """Go through what is called, as it is written."""
    yield from (ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call))


def joined_sql(tree: ast.AST) -> Iterator[str]:
    """Go through what is put into a statement, by braces, percent signs or plus."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(one.value) for one in node.values if isinstance(one, ast.Constant))
            parts = [ast.unparse(one.value) for one in node.values if isinstance(one, ast.FormattedValue)]
            yield from parts if VERBS.search(text) else ()
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
            whole = (
                isinstance(node.left, ast.Constant) and isinstance(node.left.value, str) and node.left.value
            )
            yield from [ast.unparse(node.right)] if whole and VERBS.search(whole) else []
        elif (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"
        ):
            text = ast.unparse(node.func.value)
            yield from map(ast.unparse, node.args) if VERBS.search(text) else ()


def test_no_statement_is_put_together_of_values() -> None:
    """What is in a statement beside constants is listed, and is no value: values are bound."""
    found: dict[str, set[str]] = {}
    for path in CODE:
        for one in joined_sql(tree(path)):
            found.setdefault(path.as_posix(), set()).add(one)
    assert found == JOINED


def test_a_statement_of_text_is_found() -> None:
    """The control."""
    for line in (
        "fetch_raw(f'SELECT id FROM entry WHERE title = {typed}')",
        "fetch_raw('SELECT id FROM entry WHERE title = %s' % typed)",
        "fetch_raw('DELETE FROM entry WHERE title = ' + typed)",
        "fetch_raw('UPDATE entry SET title = {} WHERE true'.format(typed))",
    ):
        assert list(joined_sql(ast.parse(line))) == ["typed"], line


def test_no_shell_sees_what_was_typed() -> None:
    """Programs are begun in one place, without a shell, and with their arguments as a list."""
    begun = re.compile(
        r"\bos\.(system|popen|exec\w*|spawn\w*)\b|\bshell=|\bcreate_subprocess_shell\b|\bsubprocess\."
    )
    # A process that begins itself anew, with the very command line that it has: at its start, and when it is renewed.
    assert [str(path) for path in CODE if begun.search(source(path))] == [
        "journal/installation/private_process.py",
        "portal/http/process_renewal.py",
    ]
    started = [str(path) for path in CODE if "create_subprocess_exec" in set(calls(tree(path)))]
    assert started == ["journal/installation/own_process.py"]


def test_nothing_that_comes_in_is_run_or_unpickled() -> None:
    """No code from text, and no format that makes objects of any kind; of XML nothing but HTML of ours is read."""
    wrong = {"eval", "exec", "compile", "__import__", "pickle.loads", "marshal.loads"}
    unsafe = {"pickle", "marshal", "shelve", "dill", "yaml", "jsonpickle", "xml", "code", "codeop"}
    for path in CODE:
        assert wrong.isdisjoint(calls(tree(path))), path
        assert unsafe.isdisjoint(module.partition(".")[0] for module, _ in imports(path)), path


def test_chance_is_the_kernels() -> None:
    """Secrets are drawn with `secrets`; what keeps two acts out of step is no secret."""
    weak = {"random", "numpy"}
    found = [str(path) for path in CODE if weak & {module.partition(".")[0] for module, _ in imports(path)}]
    assert found == ["journal/store/progress.py"]
    assert "from random import uniform" in source(Path("journal/store/progress.py"))


def test_what_is_connected_to_stands_in_the_settings() -> None:
    """One module connects to the mail server and three to the database; nothing else calls anybody."""
    calling = {
        "aiosmtplib",
        "httpx",
        "requests",
        "aiohttp",
        "urllib3",
        "smtplib",
        "ftplib",
        "http",
        "telnetlib",
    }
    found = {
        str(path)
        for path in CODE
        for module, name in imports(path)
        if (module.partition(".")[0] in calling and (module, name) != ("http", "HTTPStatus"))
        or module == "urllib.request"
        or (module, name) in {("asyncio", "open_connection"), ("socket", "create_connection")}
    }
    assert found == {"journal/mail/outbox.py"}


def test_cryptography_is_done_in_one_package() -> None:
    """Ciphers, signatures and keys stand in `crypto`. Elsewhere files are sealed with age, and proofs are read."""
    elsewhere = {
        "journal/authentication/second_factor.py": {"pyotp"},
        "journal/authentication/totp_enrolment.py": {"pyotp"},
        "journal/importing/folder.py": {"pyrage"},
        "journal/passkeys/webauthn.py": {"webauthn"},
        "journal/records/age_process.py": {"pyrage"},
        "journal/records/archive.py": {"pyrage"},
        "portal/cli/verify_records.py": {"pyrage"},
    }
    libraries = {
        "cryptography",
        "argon2",
        "nacl",
        "Crypto",
        "pyrage",
        "webauthn",
        "pyotp",
        "jwt",
        "itsdangerous",
    }
    found = {}
    for path in CODE:
        used = libraries & {module.partition(".")[0] for module, _ in imports(path)}
        if used and path.parts[0] != "crypto":
            found[path.as_posix()] = used
    assert found == elsewhere
