"""How near drafts come to the board files that people wrote: the table by phone and by category.

    python benchmarks/board_table.py PAIRS KERNEL

PAIRS is a folder with ``pairs.tsv``, vendor trees, and ``run_pairs.py``, which scores a command that drafts; KERNEL a kernel's
source. The phone's own board and its sisters are taken out of the kernel that a draft learns from.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

DRAFT = "{vendor} {overlay} --kernel {kernel} --compatible {compatible} --model {model} -o {out}"


def main() -> None:
    """Run all pairs, and print recall, precision and agreement."""
    pairs, kernel = (Path(text).resolve() for text in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.json"
        command = f"{shlex.quote(sys.executable)} -m pmport dt board {DRAFT}"
        runner = [sys.executable, pairs / "run_pairs.py", "--kernel", kernel, "--work", folder, "--json", results]
        subprocess.run([*runner, "--generate", command], check=True, stdout=subprocess.DEVNULL)
        found = json.loads(results.read_text(encoding="utf-8"))
    print(f"{'phone':40} recall precision agreement first boot")
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for name, result in found.items():
        total, boot = result["total"], result["first_boot"]
        figures = f"{total['recall']:6.2f} {total['precision']:9.2f} {total['agreement']:9.2f}"
        print(f"{name:40} {figures} {boot['recall']:6.2f}/{boot['precision']:.2f}", result["error"][:60])
        for category, row in result["categories"].items():
            for key in ("human", "candidate", "hit", "conflict"):
                sums[category][key] += row[key]
    print(f"\n{'category':14} facts recall precision agreement")
    for category, row in sums.items():
        shares = [row["hit"] / (whole or 1) for whole in (row["human"], row["candidate"], row["hit"] + row["conflict"])]
        print(f"{category:14} {row['human']:5} {shares[0]:6.2f} {shares[1]:9.2f} {shares[2]:9.2f}")


if __name__ == "__main__":
    main()
