"""Runs pmbootstrap's configuration checker beside pmport, in a process of its own, and prints its verdicts as JSON.

Arguments: the folders of pmbootstrap and of pmaports, ``flagged`` or ``all``, and a folder to work in. What it judges is
shortened to the lines that any rule names, because it searches the whole text once per rule; the verdicts are the same.
"""

from __future__ import annotations

import json
import re
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any


def main(pmbootstrap: str, pmaports: str, mode: str, work: str, whole: str = "") -> None:
    """Judge every configuration of the mirror."""
    sys.path.insert(0, pmbootstrap)
    import_module("pmb")  # first of all: its imports are circular
    context = import_module("pmb.core.context")
    kconfig: Any = import_module("pmb.parse.kconfig")
    rules = import_module("pmb.parse.kconfigcheck")
    core = import_module("pmb.core.config")

    settings = core.Config()
    settings.aports, settings.work, settings.systemd = [Path(pmaports)], Path(work), core.SystemdConfig.NEVER
    setattr(context, "__context", context.Context(settings))

    heard: list[str] = []
    kconfig.logging = type("Log", (), {n: staticmethod(heard.append) for n in ("error", "warning", "info", "debug")})
    document = rules.load_toml_file(Path(pmaports) / "kconfigcheck.toml")
    every = [word.split(":", 1)[1] for key in document if key != "aliases" for word in key.split()]
    options = {o for key, v in document.items() if key != "aliases" for a in v.values() for t in a.values() for o in t}
    line = re.compile(rf"^CONFIG_(?:{'|'.join(sorted(options))})=.*$", re.MULTILINE)

    result: list[dict[str, Any]] = []
    started = time.process_time()
    for path in sorted(Path(pmaports).rglob("linux-*/config-*")):
        if path.name.count(".") != 1:
            continue
        recipe = (path.parent / "APKBUILD").read_text(encoding="utf-8")
        version = re.search(r"^pkgver=[\"']?([^\s\"']+)", recipe, re.MULTILINE)
        flags = re.findall(r"pmb:kconfigcheck-([a-z0-9_]+)", recipe)
        categories = list(dict.fromkeys((*flags, "default"))) if mode == "flagged" else list(dict.fromkeys(every))
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        arch = path.name.split(".")[1]
        heard.clear()
        fine = True
        config = text if whole else "\n".join(line.findall(text))
        for category, sections in rules.read_categories(categories).items():
            found = version[1] if version else ""
            fine &= kconfig.check_config_options_set(config, path, arch, sections, category, found, details=True)
        result.append(
            {
                "path": str(path),
                "version": version[1] if version else "",
                "arch": arch,
                "categories": categories,
                "passes": fine,
                "must": sorted(re.findall(r"ERROR: .*?CONFIG_(\w+) should", "\n".join(heard))),
                "prefer": sorted(re.findall(r"INFO: .*?CONFIG_(\w+) is preferably", "\n".join(heard))),
            }
        )
    json.dump({"seconds": time.process_time() - started, "runs": result}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
