"""Linux's device tree sources, compiled by pmport and by cpp and the kernel's own dtc: ``kernel_sources.py KERNEL [STEP]``.

The kernel is an unpacked source; its dtc is built in a folder beside. Prints what differs, and the counts.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

from pmport.devicetree import Blob, DeviceTree, Extras, compile_source
from pmport.devicetree.checks import Levels
from pmport.devicetree.overlays import apply
from pmport.devicetree.source import source_text
from pmport.errors import FormatError

HEADERS = "scripts/dtc/include-prefixes"
COMPOSITE = re.compile(r"^(\S+)-dtbs\s*:=\s*(.*?\.dtbo?)$", re.MULTILINE)
DTC = "dtc flattree fstree data livetree treesource srcpos checks util dtc-lexer.lex dtc-parser.tab"
LIBFDT = "fdt fdt_ro fdt_rw fdt_wip fdt_sw fdt_strerror fdt_empty_tree fdt_addresses fdt_overlay"


def build_dtc(kernel: Path, out: Path) -> Path:
    """The kernel's dtc and fdtoverlay, built into a folder, which is given back."""
    source = kernel / "scripts/dtc"
    subprocess.run(["flex", "-o", out / "dtc-lexer.lex.c", source / "dtc-lexer.l"], check=True)
    subprocess.run(["bison", "-d", "-o", out / "dtc-parser.tab.c", source / "dtc-parser.y"], check=True)
    for program, names in (
        ("dtc", DTC.split()),
        ("fdtoverlay", ["fdtoverlay", "util", *(f"libfdt/{name}" for name in LIBFDT.split())]),
    ):
        files = [path if (path := out / f"{name}.c").exists() else source / f"{name}.c" for name in names]
        folders = [f"-I{folder}" for folder in (out, source, source / "libfdt")]
        subprocess.run(["cc", "-O1", "-w", "-DNO_YAML", *folders, "-o", out / program, *files], check=True)
    return out


def by_dtc(kernel: Path, tools: Path, path: Path) -> bytes | None:
    """What cpp and dtc make of a source; None where they refuse it."""
    flags = ["-nostdinc", "-undef", "-D__DTS__", "-x", "assembler-with-cpp", f"-I{kernel / HEADERS}"]
    text = subprocess.run(["cpp", *flags, str(path)], capture_output=True, check=False)
    if text.returncode:
        return None
    command = [str(tools / "dtc"), "-q", "-@", "-b", "0", "-i", str(path.parent), "-i", str(kernel / HEADERS), "-"]
    made = subprocess.run(command, input=text.stdout, capture_output=True, check=False)
    return made.stdout if not made.returncode else None


def by_pmport(kernel: Path, path: Path) -> DeviceTree | None:
    """What pmport makes of it."""
    try:
        tree = compile_source(
            source_text(path),
            name=str(path),
            include=[path.parent, kernel / HEADERS],
            extras=Extras(symbols=True),
            levels=Levels.errors(),
        ).tree
    except FormatError:
        return None
    tree.boot_cpu = 0
    return tree


def compare(kernel: Path, tools: Path, path: Path) -> str:
    """``same`` bytes, the same ``values``, ``refused`` by both, or ``different``."""
    theirs, ours = by_dtc(kernel, tools, path), by_pmport(kernel, path)
    if theirs is None or ours is None:
        return "refused" if theirs is None and ours is None else "different"
    if bytes(ours) == theirs:
        return "same"
    return "values" if values(ours) == values(Blob.parse(theirs).tree()) else "different"


def values(tree: DeviceTree) -> dict[str, dict[str, bytes]]:
    return {node.path: node.raw for node in tree.walk()}


def composites(kernel: Path) -> list[tuple[Path, ...]]:
    """The base and the overlays of every composite tree that the kernel's Makefiles name."""
    found = []
    for makefile in sorted((kernel / "arch").glob("*/boot/dts/**/Makefile")):
        text = makefile.read_text(encoding="utf-8").replace("\\\n", " ")
        for _, names in COMPOSITE.findall(text):
            stems = [makefile.parent / name for name in names.split()]
            sources = tuple(path.with_suffix(".dts" if path.suffix == ".dtb" else ".dtso") for path in stems)
            if all(source.is_file() for source in sources):
                found.append(sources)
    return found


def compare_composite(kernel: Path, tools: Path, sources: tuple[Path, ...]) -> str:
    """The same of a composite: overlays applied by fdtoverlay, and by pmport."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, source in enumerate(sources):
            files.append(Path(folder, str(number)))
            files[-1].write_bytes(by_dtc(kernel, tools, source) or b"")
        out = Path(folder, "out")
        command = [str(tools / "fdtoverlay"), "-i", str(files[0]), "-o", str(out), *map(str, files[1:])]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return "refused"
        base, *overlays = (Blob.parse(file.read_bytes()).tree() for file in files)
        made = apply(base, *overlays).tree
        return "values" if values(made) == values(Blob.parse(out.read_bytes()).tree()) else "different"


def main() -> None:
    kernel, step = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor() as pool:
        tools = build_dtc(kernel, Path(folder))
        for suffix in (".dtso", ".dts"):
            paths = sorted(kernel.rglob(f"*{suffix}"))[::step]
            outcomes = list(pool.map(compare, repeat(kernel), repeat(tools), paths, chunksize=4))
            odd = [f"{found} {path}\n" for path, found in zip(paths, outcomes, strict=True) if found != "same"]
            sys.stdout.write("".join(odd) + f"{suffix}: {dict(Counter(outcomes))}\n")
        trees = composites(kernel)[::step]
        outcomes = list(pool.map(compare_composite, repeat(kernel), repeat(tools), trees))
        odd = [f"{found} {tree[-1]}\n" for tree, found in zip(trees, outcomes, strict=True) if found != "values"]
        sys.stdout.write("".join(odd) + f"composites: {dict(Counter(outcomes))}\n")


if __name__ == "__main__":
    main()
