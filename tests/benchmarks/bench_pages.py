"""CPU of lists of 250 as pages, the register and My list, against the JSON of the same: the two by turns in one run.

    python tests/benchmarks/bench_pages.py

The service is a process of its own with one worker, as in `bench_service.py`; one school of 250 has returned. A page
costs at most 3 times the JSON.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

import bench_service as council

SERVICE = Path(council.__file__)
TURNS, REPEATS = 12, 30  # the system counts CPU in hundredths of a second
TARGET = 3


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        token = council.furnish(folder, 1)
        with council.served(SERVICE, "serve", folder) as ours:
            ours.client.headers["authorization"] = f"Bearer {token}"
            check = returned(ours, council.files(folder, 1)[0])
            path = f"/checks/{check}/register?limit={council.PUPILS}"
            tell("register", *by_turns(ours, path, "/v1" + path))
            places = f"places={council.PUPILS}"
            tell("My list", *by_turns(ours, f"/my-list?{places}", f"/v1/caseload?{places}&limit={council.PUPILS}"))


def tell(what: str, shown: list[float], listed: list[float]) -> None:
    page, answer = statistics.median(shown), statistics.median(listed)
    ratios = sorted(one / other for one, other in zip(shown, listed, strict=True))
    print(f"{what}, {council.PUPILS} pupils: page {page:.1f} ms, JSON {answer:.1f} ms of CPU")
    spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
    print(f"page to JSON: ratio {statistics.median(ratios):.2f}, turn by turn {spread} (target {TARGET})")


def returned(ours: council.Server, content: bytes) -> str:
    """A check whose one school has confirmed its roll; its reference."""
    check = council.opened(ours, "november")
    form = {"school": ours.client.get("/v1/schools").json()["items"][0]["urn"]}
    sent = ours.client.post(f"/v1/checks/{check}/uploads", files={"file": ("roll.csv", content)}, data=form)
    assert sent.is_success, sent.text
    url, tag = f"/v1/uploads/{sent.json()['ref']}/confirmation", {"if-match": sent.headers["etag"]}
    done = ours.client.post(url, json={"registrations_confirmed": True}, headers=tag)
    assert done.is_success, done.text
    return check


def by_turns(ours: council.Server, page: str, answer: str) -> tuple[list[float], list[float]]:
    """CPU ms of each, turn by turn; both have as many pupils, and are warm."""
    shown, listed = ours.client.get(page), ours.client.get(answer)
    assert shown.text.count('<th scope="row"') == len(listed.json()["items"]) == council.PUPILS
    ms: tuple[list[float], list[float]] = [], []
    for _ in range(TURNS):
        for url, found in zip((page, answer), ms, strict=True):
            found.append(ours.ms([lambda url=url: ours.client.get(url)] * REPEATS))
    return ms


if __name__ == "__main__":
    main()
