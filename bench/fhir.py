"""Records as FHIR: a bundle with 1,000 observations, beside the standard library that writes the same as JSON."""

from __future__ import annotations

import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from time import perf_counter
from uuid import UUID

from bench.figures import Figure, Figures, middle
from journal.fhir.bundle import write_bundle
from journal.fhir.chart import Chart, Written
from journal.fhir.exports import Fhir, frame_chart
from journal.records.mapping import build_answers

CHECK_INS = 250
OBSERVATIONS = 1000
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def write(rounds: int) -> Figures:
    """Measure writing check-ins, each with three ratings and a choice, and the most memory that it takes."""
    frame = frame_chart(_build_chart(), Fhir.NAMED)
    bundle = write_bundle(frame)
    read = json.loads(bundle)
    found = sum(one["resource"]["resourceType"] == "Observation" for one in read["entry"])
    if found != OBSERVATIONS:
        raise ValueError(f"{found} observations were written")
    ours, plain = [], []
    for _ in range(rounds + 1):
        begun = perf_counter()
        write_bundle(frame)
        ours.append(perf_counter() - begun)
        begun = perf_counter()
        json.dumps(read).encode()
        plain.append(perf_counter() - begun)
    tracemalloc.start()
    write_bundle(frame)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    beside = {"per_s": OBSERVATIONS / middle(ours[1:]), "peak_bytes": peak, "bundle_bytes": len(bundle)}
    return {
        f"fhir_{OBSERVATIONS}_by_json": Figure(middle(ours[1:]) / middle(plain[1:]), beside),
        f"fhir_{OBSERVATIONS}_peak_by_size": Figure(peak / len(bundle)),
    }


def _build_chart() -> Chart:
    answers = build_answers(
        "check_in",
        {
            "checkin.felt": "1",
            "checkin.difficulty": 4,
            "checkin.away_most": 7,
            "checkin.distress": 2,
            "checkin.away_until": "after an hour or so, when the music had ended",
        },
    )
    written = [
        Written(UUID(int=number), "check_in", "", "", NOON - timedelta(days=number), None, answers, "en")
        for number in range(1, CHECK_INS + 1)
    ]
    return Chart(UUID(int=CHECK_INS + 1), NOON, "bench", "Bench Person", written=written)
