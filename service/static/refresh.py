"""Makes the stylesheet and scripts in this folder anew from the npm packages that they come from.

    python service/static/refresh.py

Needs node and npm, and nothing of Python but itself; installing or running the service needs neither. Each file's name
holds the beginning of its digest, so a browser may keep it for ever; `manifest.json` says which is which.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "source"
PACKAGES = {"govuk-frontend": "6.6.0", "@ministryofjustice/frontend": "11.1.0"}
SASS = "sass@1.108.2"
GOVUK_SCRIPT = "govuk-frontend/dist/govuk/govuk-frontend.min.js"
SORTABLE_SCRIPT = "@ministryofjustice/frontend/moj/components/sortable-table/sortable-table.bundle.mjs"


def main() -> None:
    """Fetch, compile, name by digest, and write the manifest."""
    with tempfile.TemporaryDirectory() as folder:
        modules = _fetched(Path(folder))
        made = _made(modules)
        packages = _packages(Path(folder))
    for old in HERE.glob("*-????????.*"):
        old.unlink()
    for asset in made.values():
        (HERE / asset["file"]).write_bytes(asset.pop("body"))
    manifest = {"packages": packages, "files": made}
    (HERE / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _fetched(folder: Path) -> Path:
    wanted = [f"{name}@{version}" for name, version in PACKAGES.items()]
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)]
    subprocess.run([*command, *wanted, SASS], check=True)
    return folder / "node_modules"


def _packages(folder: Path) -> list[dict[str, str]]:
    """What was installed, with npm's own digest of each package."""
    lock = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    entries = {name: lock[f"node_modules/{name}"] for name in PACKAGES}
    return [
        {"name": name, "version": entry["version"], "licence": "MIT", "integrity": entry["integrity"]}
        for name, entry in entries.items()
    ]


def _made(modules: Path) -> dict[str, dict[str, Any]]:
    """Name -> file, digest, sources, bytes. Scripts name each other by digest: the one that imports comes last."""
    made = {
        "roni.css": _asset("roni.css", _stylesheet(modules), ["govuk-frontend", "source/roni.scss"]),
        "govuk-frontend.js": _asset("govuk-frontend.js", _script(modules / GOVUK_SCRIPT), ["govuk-frontend"]),
        "sortable-table.js": _asset(
            "sortable-table.js", _script(modules / SORTABLE_SCRIPT), ["@ministryofjustice/frontend"]
        ),
        "favicon.svg": _asset("favicon.svg", (SOURCE / "favicon.svg").read_bytes(), ["source/favicon.svg"]),
    }
    text = (SOURCE / "roni.js").read_text(encoding="utf-8")
    for name in ("govuk-frontend.js", "sortable-table.js"):
        text = text.replace(f'"./{name}"', f'"./{made[name]["file"]}"')
    made["roni.js"] = _asset("roni.js", text.encode(), ["source/roni.js"])
    return made


def _stylesheet(modules: Path) -> bytes:
    command = [str(modules / ".bin" / "sass"), "--pkg-importer=node", "--style=compressed", "--no-source-map"]
    command += ["--quiet-deps", "--stdin"]
    # Packages are found from where the stylesheet seems to stand, so it is given as text from the folder beside them.
    text = (SOURCE / "roni.scss").read_text(encoding="utf-8")
    done = subprocess.run(command, input=text, cwd=modules.parent, check=True, capture_output=True, text=True)
    return done.stdout.encode()


def _script(path: Path) -> bytes:
    """As published, without the line that points at a source map."""
    return re.sub(r"\n?//# sourceMappingURL=\S+\s*$", "\n", path.read_text(encoding="utf-8")).encode()


def _asset(name: str, body: bytes, sources: list[str]) -> dict[str, Any]:
    digest = hashlib.sha256(body).hexdigest()
    stem, _, end = name.rpartition(".")
    return {"file": f"{stem}-{digest[:8]}.{end}", "sha256": digest, "from": sources, "body": body}


if __name__ == "__main__":
    main()
