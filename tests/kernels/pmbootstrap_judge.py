"""Runs pmbootstrap's configuration checker, in a process of its own, and prints its verdicts as JSON.

Arguments: the folder of pmbootstrap, a file of rules, a JSON list of what to judge (path, version, arch, categories), and a
folder to work in. What it judges is shortened to the lines that any rule names, because it searches the whole text once per
rule; the verdicts are the same.
"""

from __future__ import annotations

import json
import re
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any


def main(pmbootstrap: str, rule_file: str, wanted: str, work: str, whole: str = "") -> None:
    """Judge every configuration of the list."""
    sys.path.insert(0, pmbootstrap)
    import_module("pmb")  # first of all: its imports are circular
    context = import_module("pmb.core.context")
    kconfig: Any = import_module("pmb.parse.kconfig")
    rules: Any = import_module("pmb.parse.kconfigcheck")
    core = import_module("pmb.core.config")

    aports = Path(work) / "aports"
    aports.mkdir()
    (aports / "kconfigcheck.toml").write_bytes(Path(rule_file).read_bytes())
    settings = core.Config()
    settings.aports, settings.work = [aports], Path(work)
    setattr(context, "__context", context.Context(settings))

    heard: list[str] = []
    kconfig.logging = type("Log", (), {n: staticmethod(heard.append) for n in ("error", "warning", "info", "debug")})
    document = rules.load_toml_file(Path(rule_file))
    options = {o for key, v in document.items() if key != "aliases" for a in v.values() for t in a.values() for o in t}
    line = re.compile(rf"^CONFIG_(?:{'|'.join(sorted(options))})=.*$", re.MULTILINE)

    # newer ones compare values of an enumeration, older ones their names
    arch = (
        import_module("pmb.core.arch").Arch.from_str
        if kconfig.extract_arch.__annotations__["return"] is not str
        else str
    )
    started = time.process_time()
    runs: list[dict[str, Any]] = json.loads(Path(wanted).read_text(encoding="utf-8"))
    for run in runs:
        path = Path(run["path"])
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        config = text if whole else "\n".join(line.findall(text))
        heard.clear()
        fine = True
        for category, sections in rules.read_categories(run["categories"]).items():
            fine &= kconfig.check_config_options_set(
                config, path, arch(run["arch"]), sections, category, run["version"], details=True
            )
        run["passes"] = fine
        run["must"] = sorted(re.findall(r"ERROR: .*?CONFIG_(\w+) should", "\n".join(heard)))
        run["prefer"] = sorted(re.findall(r"INFO: .*?CONFIG_(\w+) is preferably", "\n".join(heard)))
    json.dump({"seconds": time.process_time() - started, "runs": runs}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
