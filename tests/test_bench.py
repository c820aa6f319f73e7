"""The measurement measures what it says; how fast anything is, no test decides."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from bench import no_cipher
from bench.__main__ import PAGE, RESULTS, run
from bench.client import Answer, Person
from bench.figures import AIMS, SMALL, Aim, Figures
from bench.report import TABLE, results, table, update, write
from bench.saving import WritingPage
from crypto import Context, seal
from crypto.envelope import TAG_SIZE

NAMES = {
    "save_per_s",
    "save_of_plain",
    "save_growth_own_1000",
    "timeline30_of_plain",
    "timeline_growth_own_1000",
    "timeline_growth_own_10000",
    "timeline_cold_over_warm",
    "entry_of_timeline",
    "entry_growth_own_1000",
    "session_growth_own_10000",
    "patient_of_timeline",
    "brief_of_timeline",
    "charts_per_s",
    "charts_of_plain",
    "summary_per_s",
    "summary_of_plain",
    "brief_per_s",
    "brief_of_plain",
    "others_p50_beside_10000",
    "search_1000_by_plain",
    "search_10000_by_plain",
    "search_cold_over_warm",
    "pg_timeline30_of_sqlite",
    "pg_save_of_sqlite",
    "save_vs_raw_commit",
    "timeline30_per_s",
    "plain_per_s",
    "hello_per_s",
    "hello_of_plain",
    "search_1000_ms",
    "search_10000_ms",
    "export_1000_s",
    "import_10000_per_s",
    "import_10000_of_saving",
    "fhir_1000_by_json",
    "fhir_1000_peak_by_size",
    "packet_100_by_page",
    "packet_100_peak_by_page",
    "sealing_overhead",
    "overwriting_overhead",
    "growth_1000x",
    "signin_stall_p99_ratio",
    "audit_workers4_of_1",
    "audit_workers4_of_1_sqlite",
    "audit_frozen_p99_ratio",
    "unknown_sign_in_pct",
    "unknown_recovery_pct",
    "hostile_form_ratio",
}


@pytest.fixture(scope="module")
def figures() -> Figures:
    """One short round of everything, on little data."""
    return run(SMALL)


def test_every_figure_is_taken(figures: Figures, tmp_path: Path) -> None:
    """A run takes each figure and writes it with its aim, its unit and what was measured beside it."""
    write(results(figures), tmp_path / "results.json")
    written = json.loads((tmp_path / "results.json").read_text())
    assert set(written) == NAMES | {"measured_on"}
    for name in NAMES:
        assert set(written[name]) == {"value", "limit", "unit", "met", "beside"}
        assert math.isfinite(written[name]["value"])
        assert written[name]["value"] > 0


def test_the_kept_results_are_of_this_measurement() -> None:
    """The results in the repository have every figure, with the aims of today."""
    kept = json.loads(RESULTS.read_text())
    assert set(kept) == NAMES | {"measured_on"}
    assert {name: (kept[name]["limit"], kept[name]["unit"]) for name in NAMES} == {
        name: (aim.limit, aim.unit) for name, aim in AIMS.items()
    }
    for name, aim in AIMS.items():
        assert kept[name]["met"] == aim.is_met_by(kept[name]["value"])


def test_the_page_tells_the_kept_results(tmp_path: Path) -> None:
    """The table in docs/performance.md is drawn from the kept results; drawing it again changes nothing."""
    kept, page = json.loads(RESULTS.read_text()), PAGE.read_text()
    found = TABLE.search(page)
    assert found
    assert found[0] == table(kept)
    copy = tmp_path / "performance.md"
    copy.write_text(page)
    update(copy, kept)
    assert copy.read_text() == page
    assert all(f"`{name}`" in TABLE.sub("", page) for name in NAMES)  # and each figure is explained


@pytest.mark.parametrize(
    ("aim", "met", "missed"),
    [
        (Aim(1500, "per second"), 1500, 1499),
        (Aim(0.75, "of plain"), 0.8, 0.74),
        (Aim(0.25, "of raw commits"), 0.3, 0.2),
        (Aim(5, "ms"), 5, 5.1),
    ],
)
def test_an_aim_knows_which_way_is_better(aim: Aim, met: float, missed: float) -> None:
    """Rates have to reach their limit, times and ratios must not pass theirs."""
    assert aim.is_met_by(met)
    assert not aim.is_met_by(missed)


def test_another_answer_stops_the_measurement() -> None:
    """An error page, however quick, is not counted."""
    with pytest.raises(RuntimeError, match="expected 200"):
        Answer(404, b"HTTP/1.1 404 Not Found", b"Nothing here").expect(200)


def test_a_form_is_sent_as_its_page_has_it() -> None:
    """The fields of the form that saves by itself are sent with the values that stand in the page."""
    page = """
        <form action="/sign-out"><input name="elsewhere" value="1"></form>
        <form data-autosave><input type="hidden" name="revision" value="3"><input type="submit" name="go">
        <textarea name="free.text">old words</textarea><input type="radio" name="choice" value="a">
        <select name="session"><option value="">none</option><option value="b" selected>one</option></select></form>
    """
    assert WritingPage(page).form == [("revision", "3"), ("free.text", ""), ("session", "b")]
    sent = Person(80, "c").post("/journal", [("free.text", "a b")], htmx=True)
    assert sent.startswith(b"POST /journal HTTP/1.1\r\nHost: 127.0.0.1:80\r\nCookie: hearthside=c\r\n")
    assert sent.endswith(b"\r\n\r\nfree.text=a+b")


def test_the_product_is_measured_with_its_cipher() -> None:
    """The cipher that encrypts nothing is never in this process; it keeps lengths as they are."""
    assert b"words" not in seal(bytes(32), b"words", context=Context("entry", bytes(16), bytes(16)))
    bare = no_cipher.NoCipher(bytes(32))
    assert bare.decrypt(b"", bare.encrypt(b"", b"words", b""), b"") == b"words"
    assert len(bare.encrypt(b"", b"words", b"")) == 5 + TAG_SIZE
