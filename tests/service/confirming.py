"""A process that confirms uploads through the app, made ready once and forked for each: to be killed at any instant.

    python -m tests.service.confirming DATABASE_URL TOKEN

A line on its input is an upload's reference and version; it answers with the number of the process that confirms it.
Another line, and it waits for that process and says how it ended.
"""

from __future__ import annotations

import os
import sys

from fastapi.testclient import TestClient

from roni import load_scorecard, national
from service.app import create_app
from service.registers import working_out  # noqa: F401  (so that no fork has to import it)
from service.settings import Settings
from tests.service.uploading import CONFIRM


def main(url: str, token: str) -> None:
    app = create_app(Settings.read({"RONI_DATABASE_URL": url, "RONI_SECRET": "a secret of the tests"}))
    client = TestClient(app, headers={"authorization": f"Bearer {token}"})
    national(), load_scorecard("roni")  # read once, before any fork
    say("ready")
    for line in sys.stdin:
        ref, version = line.split()
        if (child := os.fork()) == 0:
            headers = {"if-match": f'"{version}"'}
            answer = client.post(f"/v1/uploads/{ref}/confirmation", json=CONFIRM, headers=headers)
            os._exit(0 if answer.status_code == 200 else 3)
        say(str(child))
        sys.stdin.readline()  # until then the number is not given to another process
        say(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))


def say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
