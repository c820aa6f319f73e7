"""
Forms filled in to keep the machine busy: how long they take, beside the same form sent empty.

The whole application answers inside this process, with the product's own Argon2. What was counted is deleted before
every request, so that nobody waits because of the tries before.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from httpx import ASGITransport, AsyncClient

from bench.figures import Figure, Figures, Length, middle
from bench.people import SERVER_KEY, People
from bench.rows import DATABASE
from journal.rate_limiting import tables as rate_limiting_tables
from portal.app import create_app
from portal.config import Config

ORIGIN = "http://127.0.0.1:8000"
SIGNS = 50_000
TIMES = 5
TEXTS = (
    "\u0301\u0316",  # marks above and below in turns
    "\u0f73",  # no mark, until it is taken apart into two
    "\u1100\u1161\u11a8",  # parts of syllables
    "\ufdfa",  # one that becomes eighteen
    "4@({[<691!|7$5+",  # signs that may stand for letters
    "abc ",  # as many names as there are words
    " a",
    " ",
)
DOORS = {
    "/sign-in": ("email", "password"),
    "/recover": ("email", "recovery_key", "password"),
    "/password-strength": ("password", "name", "email"),
    "/account/details": ("name", "time_zone"),
}


async def difference(folder: Path, people: People, length: Length) -> Figures:
    """Measure the slowest of all hostile texts in all fields, as a multiple of the form with nothing in it."""
    config = Config(folder, f"sqlite://{folder / DATABASE}", SERVER_KEY, ORIGIN, "127.0.0.1", 8000)
    app = create_app(config, quick=length.small)
    times, signs = (2, SIGNS // 50) if length.small else (TIMES, SIGNS)
    headers = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
    cookies = {"hearthside": people.patient}
    beside: dict[str, float] = {"signs": signs}
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url=ORIGIN, headers=headers) as stranger,
        AsyncClient(
            transport=ASGITransport(app), base_url=ORIGIN, headers=headers, cookies=cookies
        ) as patient,
    ):

        async def took(path: str, form: dict[str, str]) -> float:
            browser, answers = patient if path.startswith("/account") else stranger, []
            for _ in range(times):
                with app.state.store.use():
                    await rate_limiting_tables.Throttle.all().delete()
                begun = perf_counter()
                answer = await browser.post(path, data=form)
                answers.append(perf_counter() - begun)
                if answer.status_code not in (200, 422):
                    raise RuntimeError(f"{path} answered {answer.status_code}")
            return middle(answers)

        for path, fields in DOORS.items():
            # A meter says nothing of no password, so one letter stands for an empty form.
            plain = dict.fromkeys(fields, "") | ({"password": "a"} if path == "/password-strength" else {})
            empty, slowest = await took(path, plain), 0.0
            for name in fields:
                for text in TEXTS:
                    slowest = max(slowest, await took(path, plain | {name: (text * signs)[:signs]}))
            beside[path] = slowest / empty
            beside[f"{path} empty_ms"] = 1000 * empty
    worst = max(beside[path] for path in DOORS)
    return {"hostile_form_ratio": Figure(worst, beside)}
