"""Reads device packages with pmbootstrap's own parser, in a process of its own, and writes what it understood as JSON.

Arguments: the folder of pmbootstrap, and a folder with device packages.
"""

from __future__ import annotations

import json
import logging
import sys
from importlib import import_module
from pathlib import Path
from typing import Any


def main(pmbootstrap: str, packages: str) -> None:
    """Read every package below the folder."""
    sys.path.insert(0, pmbootstrap)
    import_module("pmb")  # first of all: its imports are circular
    logging.verbose = logging.debug  # type: ignore[attr-defined]  # pmbootstrap adds this level when it starts
    parse: Any = import_module("pmb.parse")
    result: dict[str, dict[str, Any]] = {}
    for path in sorted(Path(packages).glob("device-*/APKBUILD")):
        package = parse.apkbuild(path)
        names = ("pkgname", "pkgdesc", "arch", "depends", "makedepends", "options", "source", "subpackages", "url")
        row = {name: package[name] for name in names}
        row["subpackages"] = {
            name: {key: part[key] for key in ("pkgdesc", "depends")}
            for name, part in package["subpackages"].items()
            if part
        }
        result[path.parent.name] = row
    sys.stdout.write(json.dumps(result, default=str))


if __name__ == "__main__":
    main(*sys.argv[1:])
