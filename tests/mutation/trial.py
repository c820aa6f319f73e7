"""
Try mutants in forks of one process, in which everything is imported and every test collected.

A mutant inside a function gets its code by exchange, in every object that already holds the function: the tests that
reach its lines run at once, those first that noticed its neighbours. Where that would not be the same as a changed
file, because the function runs while modules are imported or the change is outside of functions, the fork imports
everything of ours anew from the changed source.
"""

from __future__ import annotations

import gc
import importlib.abc
import importlib.machinery
import os
import pickle
import random
import resource
import shutil
import signal
import sys
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import _lru_cache_wrapper
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import coverage
import hypothesis
import pytest

from tests.mutation.mutants import Mutant, parse
from tests.mutation.rooms import ROOT, Room

KILLED, SURVIVED, ENDED = 10, 11, 12
"""How a fork ends: a test failed, none did, or something else ended it."""
OURS = ("crypto", "journal", "portal", "templates", "tests", "bench")
EXAMPLES = 25
"""Of each property, always the same ones."""
MEMORY = 2 << 30
MOST_FAILING = 5
"""Tests that may fail when each sets up everything itself; they are left out."""
Lines = dict[str, dict[int, set[str]]]


@dataclass(slots=True)
class Outcome:
    """What became of a mutant."""

    mutant: Mutant
    end: str
    by: str = ""
    tests: int = 0

    @property
    def is_noticed(self) -> bool:
        """Return whether a test failed, or nothing came in time."""
        return self.end in ("killed", "timeout")


@dataclass(slots=True, eq=False)
class Trial:
    """A plugin of pytest that, instead of running tests once, runs them for each mutant."""

    room: Room
    sample: int | None = None
    seed: int = 0
    files: Sequence[str] = ()
    only: frozenset[str] | None = None
    anew: bool = False
    outcomes: list[Outcome] = field(default_factory=list)
    total: Counter[str] = field(default_factory=Counter)
    _failed: str = ""
    _imported: set[tuple[str, int, str]] = field(default_factory=set)
    _functions: dict[tuple[str, int, str], list[FunctionType]] = field(default_factory=dict)
    _caches: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Notice from now on which of the functions run while modules are imported."""
        self.files = self.files or self.room.list_files()
        watched = {str(ROOT / one): one for one in self.files}

        def watch(frame: Any, event: str, _: Any) -> None:
            if event == "call" and (file := watched.get(frame.f_code.co_filename)):
                code = frame.f_code
                self._imported.add((file, code.co_firstlineno, code.co_qualname))

        sys.setprofile(watch)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember that a test failed."""
        if report.failed:
            self._failed = report.nodeid

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        """Draw few examples of each property, and the same for each mutant."""
        _choose_examples()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try every mutant."""
        sys.setprofile(None)
        if session.testsfailed:
            raise pytest.UsageError("Some tests could not be collected.")
        gc.unfreeze()  # else what was there after collecting is not found
        self._functions, self._caches = (
            _find_functions(),
            [one for one in gc.get_objects() if _is_own_cache(one)],
        )
        gc.freeze()
        folder = Path(session.config._tmp_path_factory.getbasetemp())  # type: ignore[attr-defined]
        reached, durations, failing = self._map(session.items)
        if failing:
            _say(f"Left out, since they fail by themselves: {', '.join(sorted(failing))}")
        session.items[:] = [item for item in session.items if item.nodeid not in failing]
        _say(f"{len(session.items)} tests take {sum(durations.values()):.0f} s")
        kept = set(folder.iterdir())
        items = {item.nodeid: item for item in session.items}
        killers: dict[Any, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        chosen = self._choose()
        for tree, mutant in chosen:
            place = (mutant.file, mutant.function)
            lines = reached.get(mutant.file, {})
            if mutant.function is None or self._runs_at_import(mutant):
                # What is only declared, as fields are, no test seems to reach: any may notice, the quickest first.
                order = _order(items, durations, killers[mutant.file], mutant)
                outcome = self._try(mutant, tree, None, [items[one] for one in order], durations)
            else:
                ids = {
                    one for line in range(mutant.lines[0], mutant.lines[1] + 1) for one in lines.get(line, ())
                }
                order = _order(ids, durations, killers[place], mutant)
                there = self._functions.get((str(ROOT / mutant.file), *mutant.function), [])
                found = None if self.anew else there
                outcome = self._try(mutant, tree, found, [items[one] for one in order], durations)
            if outcome.by:
                killers[place][outcome.by] += 1
                killers[mutant.file][outcome.by] += 1
            self.outcomes.append(outcome)
            if not outcome.is_noticed:
                _say(f"{outcome.end:9} {mutant}  ({outcome.tests} tests)")
            if len(self.outcomes) % 100 == 0:
                noticed = sum(one.is_noticed for one in self.outcomes)
                _say(f"… {len(self.outcomes)} of {len(chosen)}, {noticed} noticed")
            for left in set(folder.iterdir()) - kept:
                shutil.rmtree(left, ignore_errors=True)
        return True

    def _choose(self) -> list[tuple[Any, Mutant]]:
        every = [(tree, one) for file in self.files for tree, ones in [parse(ROOT, file)] for one in ones]
        self.total = Counter(one.file for _, one in every)
        if self.only is not None:
            return [(tree, one) for tree, one in every if str(one) in self.only]
        if self.sample is None or self.sample >= len(every):
            return every
        chosen = set(random.Random(self.seed).sample(range(len(every)), self.sample))
        return [one for number, one in enumerate(every) if number in chosen]

    def _runs_at_import(self, mutant: Mutant) -> bool:
        first, name = mutant.function or (0, "")
        return any(
            file == mutant.file and line == first and qualname.rpartition(".")[2] == name
            for file, line, qualname in self._imported
        )

    def _map(self, items: Sequence[pytest.Item]) -> tuple[Lines, dict[str, float], set[str]]:
        """Return which tests reach which lines, how many seconds each takes, and which fail; found out in a fork."""
        reading, writing = os.pipe()
        if (child := os.fork()) == 0:
            os.close(reading)
            _be_silent()
            with os.fdopen(writing, "wb") as out:
                try:
                    found: object = self._measure(items)
                except BaseException:  # noqa: BLE001 - the parent says it
                    found = traceback.format_exc()
                pickle.dump(found, out)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as answer:
            told = pickle.loads(answer.read())
        if isinstance(told, str):
            raise pytest.UsageError(told)
        reached, durations, failed = told
        os.waitpid(child, 0)
        if len(failed) > MOST_FAILING:
            raise pytest.UsageError(f"Unchanged, these tests fail: {failed}")
        for lines in reached.values():
            for tests in lines.values():
                tests.difference_update(failed)
        return reached, durations, failed

    def _measure(self, items: Sequence[pytest.Item]) -> tuple[Lines, dict[str, float], set[str]]:
        watching = coverage.Coverage(
            data_file=None, include=[str(ROOT / one) for one in self.files], config_file=False
        )
        durations: dict[str, float] = {}
        failed = set()
        watching.start()
        for item in items:
            for cache in self._caches:
                cache.cache_clear()
            watching.switch_context(item.nodeid)
            self._failed, began = "", _get_work()
            # Each test sets up everything itself here: what a shared fixture reaches, all its tests reach.
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            durations[item.nodeid] = _get_work() - began
            if self._failed:
                failed.add(item.nodeid)
        watching.stop()
        data, reached = watching.get_data(), {}
        for file in self.files:
            found = data.contexts_by_lineno(str(ROOT / file))
            reached[file] = {line: set(filter(None, tests)) for line, tests in found.items()}
        return reached, durations, failed

    def _try(
        self,
        mutant: Mutant,
        tree: Any,
        functions: list[FunctionType] | None,
        items: list[pytest.Item],
        durations: dict[str, float],
    ) -> Outcome:
        if not items:
            return Outcome(mutant, "unreached")
        items = _limit(items, durations, self.room.longest)
        seconds = sum(durations[item.nodeid] for item in items)
        reading, writing = os.pipe()
        if (child := os.fork()) == 0:
            os.close(reading)
            os.setpgid(0, 0)
            _limit_work(seconds)
            _be_silent()
            try:
                mutant.apply()
                code = compile(tree, str(ROOT / mutant.file), "exec", dont_inherit=True)
                if functions is None or not _exchange(code, mutant, functions):
                    failed = self._run_anew(mutant, code, items)
                else:
                    failed = self._run(items)
                os.write(writing, failed.encode())
                os._exit(KILLED if failed else SURVIVED)
            finally:
                os._exit(ENDED)
        os.close(writing)
        with os.fdopen(reading) as answer:
            by = answer.read()
        _, status = os.waitpid(child, 0)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        if os.WIFSIGNALED(status):
            is_late = os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGALRM, signal.SIGKILL)
            return Outcome(mutant, "timeout" if is_late else "killed", "", len(items))
        end = {KILLED: "killed", SURVIVED: "survived"}.get(os.WEXITSTATUS(status), "killed")
        return Outcome(mutant, end, by if end == "killed" else "", len(items))

    def _run(self, items: Sequence[pytest.Item]) -> str:
        """Return the first test that fails, or nothing."""
        self._failed = ""
        for cache in self._caches:
            cache.cache_clear()
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._failed:
                return self._failed
        return ""

    def _run_anew(self, mutant: Mutant, code: CodeType, items: Sequence[pytest.Item]) -> str:
        """Import all of ours anew, the one module from *code*; return the first test that fails, or nothing."""
        name = mutant.file.removesuffix(".py").replace("/", ".")
        sys.meta_path.insert(0, _Changed(name, code))
        ids = [item.nodeid for item in items]
        first = ids[0].partition("::")[0]
        near = [one for one in ids if one.partition("::")[0] == first]
        # The nearest file first: to collect all of them takes longer than most mutants live.
        for those in (near, ids[len(near) :] and [one for one in ids if one not in set(near)]):
            _forget_modules()
            plugin = _Ordered(those)
            files = sorted({one.partition("::")[0] for one in those})
            try:
                end = pytest.main([*OPTIONS, *self.room.anew, "-x", *files], plugins=[plugin]) if files else 0
            except BaseException as error:  # noqa: BLE001 - it is changed code
                return f"{type(error).__name__} at import"
            if plugin.failed or end:
                return plugin.failed or f"ended with {end}"
        return ""


class _Ordered:
    """A plugin that runs the tests that are named, in that order, until one fails."""

    def __init__(self, ids: Sequence[str]) -> None:
        self._ids = {one: number for number, one in enumerate(ids)}
        self.failed = ""

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        _choose_examples()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (one for one in items if one.nodeid in self._ids), key=lambda one: self._ids[one.nodeid]
        )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.failed = self.failed or (f"{report.nodeid} (collection)" if report.failed else "")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed = self.failed or (report.nodeid if report.failed else "")


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Import one module from changed code."""

    def __init__(self, name: str, code: CodeType) -> None:
        self._name, self._code = name, code

    def find_spec(
        self, fullname: str, path: object, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, origin=self._code.co_filename)

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = self._code.co_filename
        exec(self._code, module.__dict__)


OPTIONS = (
    *("-s", "-q", "-n", "0", "-o", "cache_dir=.cache/mutate", "--no-header"),
    *("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"),
)


def _forget_modules() -> None:
    for name in [one for one in sys.modules if one.partition(".")[0] in OURS]:
        if not name.startswith("tests.mutation"):
            del sys.modules[name]


def _choose_examples() -> None:
    hypothesis.settings.register_profile(
        "mutants",
        hypothesis.settings.get_profile("hearthside"),
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    hypothesis.settings.load_profile("mutants")


def _order(
    ids: Iterable[str], durations: dict[str, float], killers: dict[str, int], mutant: Mutant
) -> list[str]:
    """Return tests in the order of how soon they probably notice."""
    path = Path(mutant.file)
    own, room = f"test_{path.stem}.py", f"tests/{path.parent}/" if len(path.parts) > 2 else "tests/"

    def rate(one: str) -> tuple[int, bool, bool, float, str]:
        return -killers.get(one, 0), own not in one, not one.startswith(room), durations[one], one

    return sorted(ids, key=rate)


def _limit(items: list[pytest.Item], durations: dict[str, float], longest: float) -> list[pytest.Item]:
    spent = 0.0
    for number, item in enumerate(items):
        spent += durations[item.nodeid]
        if spent > longest:
            return items[: max(1, number)]
    return items


def _find_functions() -> dict[tuple[str, int, str], list[FunctionType]]:
    """Return every function there is by the place where it is written."""
    found: dict[tuple[str, int, str], list[FunctionType]] = defaultdict(list)
    for one in gc.get_objects():
        if type(one) is FunctionType:
            code = one.__code__
            found[code.co_filename, code.co_firstlineno, code.co_name].append(one)
    return found


def _exchange(changed: CodeType, mutant: Mutant, functions: list[FunctionType]) -> bool:
    """Store the changed code in *functions*; return whether that was possible."""
    new = next(
        (one for one in _list_codes(changed) if (one.co_firstlineno, one.co_name) == mutant.function), None
    )
    if new is None or not functions:
        return False
    try:
        for function in functions:
            function.__code__ = new
    except ValueError:  # it uses other variables of what is around it
        return False
    return True


def _list_codes(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _list_codes(one)


def _is_own_cache(thing: object) -> bool:
    return type(thing) is _lru_cache_wrapper and (thing.__module__ or "").partition(".")[0] in OURS[:3]


def _get_work() -> float:
    """Return the seconds that processors have worked for this process: however busy the machine is."""
    spent = os.times()
    return spent.user + spent.system


def _limit_work(seconds: float) -> None:
    """End this process when it takes much longer, or much more memory, than the unchanged code."""
    soft = int(_get_work() + 10 + 4 * seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, soft + 5))
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    if pages:
        most = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(int(60 + 10 * seconds))


def _be_silent() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for one in (0, 1, 2):
        os.dup2(nowhere, one)


def _say(line: str) -> None:
    print(line, flush=True)


def run_trial(trial: Trial) -> None:
    """Run pytest with *trial* in place of its loop."""
    pytest.main([*OPTIONS, *trial.room.options, *trial.room.tests], plugins=[trial])
