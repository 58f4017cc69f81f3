"""Debian packages of any architecture, downloaded by an apt of their own and unpacked, kept between runs."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import IN_CI

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pmport-tests"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SETTINGS = """
Dir::Etc "{home}/etc";
Dir::Etc::sourcelist "{home}/etc/sources.list";
Dir::Etc::sourceparts "-";
Dir::State "{home}/state";
Dir::State::status "{home}/state/status";
Dir::Cache "{home}/cache";
APT::Architecture "{architecture}";
APT::Architectures {{"{architecture}";}};
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";  // a mirror may hold an older list
"""


def unpacked(package: str, architecture: str, suite: str = "bookworm") -> Path:
    """The folder with a package's files; the newest that the suite has, or the one that is kept from before.

    Args:
        package: A package, or one that depends on the wanted one alone, such as ``linux-image-arm64``.
        architecture: Debian's name of it.
        suite: Debian's release.

    Returns:
        The folder. Without apt or a network the test is skipped; in CI it fails.
    """
    folder = CACHE / suite / f"{package}-{architecture}"
    if folder.is_dir():
        return folder
    try:
        return _downloaded(package, architecture, suite, folder)
    except (OSError, subprocess.SubprocessError) as error:
        reason = f"{package} for {architecture} cannot be downloaded here: {error}"
        if IN_CI:
            pytest.fail(reason)
        pytest.skip(reason)


@contextmanager
def own_apt(kind: str, architecture: str, suite: str) -> Iterator[Callable[..., str]]:
    """An apt that touches nothing of this machine's.

    Args:
        kind: ``"deb"`` or ``"deb-src"``.
        architecture: Debian's name of it.
        suite: Debian's release.

    Yields:
        A function that runs one of its programs, and gives back what it printed.
    """
    home = CACHE / suite / f"apt-{os.getpid()}"
    for name in ("etc/apt.conf.d", "state/lists/partial", "cache/archives/partial"):
        (home / name).mkdir(parents=True, exist_ok=True)
    (home / "state/status").touch()
    (home / "etc/sources.list").write_text(
        f"{kind} [signed-by={KEYRING}] http://deb.debian.org/debian {suite} main\n", encoding="utf-8"
    )
    settings = home / "apt.conf"
    settings.write_text(SETTINGS.format(home=home, architecture=architecture), encoding="utf-8")
    environment = {**os.environ, "APT_CONFIG": str(settings)}

    def run(*command: str, cwd: Path = home) -> str:
        answer = subprocess.run(
            command, check=True, env=environment, cwd=cwd, capture_output=True, text=True, timeout=300
        )
        return answer.stdout

    run("apt-get", "update", "-qq")
    try:
        yield run
    finally:
        shutil.rmtree(home, ignore_errors=True)


def fetched_sources(package: str, suite: str, folder: Path) -> list[Path]:
    """The files of a source package, checked against Debian's signed list.

    Args:
        package: Its name.
        suite: Debian's release.
        folder: Where to; it exists.

    Returns:
        The upstream archive; the mirror may lack Debian's own small files, which are not needed.
    """
    with own_apt("deb-src", "amd64", suite) as run:
        listed = run("apt-get", "source", "--print-uris", "-qq", package)
    found = []
    for uri, name, sha256 in re.findall(r"^'(\S+)' (\S+\.orig\.tar\.\w+) \d+ SHA256:(\w+)$", listed, re.MULTILINE):
        path = folder / name
        with urllib.request.urlopen(uri, timeout=120) as stream:  # noqa: S310 - apt gave the address
            data = stream.read()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise OSError(f"{name} is not what Debian's list says")
        path.write_bytes(data)
        found.append(path)
    return found


def _downloaded(package: str, architecture: str, suite: str, folder: Path) -> Path:
    debs = folder.with_name(f"{folder.name}.debs.{os.getpid()}")
    half = folder.with_name(f"{folder.name}.{os.getpid()}")
    debs.mkdir(parents=True)
    with own_apt("deb", "amd64" if architecture == "all" else architecture, suite) as run:
        name = f"{package}:{architecture}"
        for line in run("apt-cache", "depends", name).splitlines():
            if line.strip().startswith("Depends: linux-image-"):  # a package that only names the newest kernel
                name = line.split()[-1]
                name = name if ":" in name else f"{name}:{architecture}"
        wanted = [name]
        if name.startswith("linux-image-"):  # newer kernels come in several packages
            lines = run("apt-cache", "depends", name).splitlines()
            parts = [line.split()[-1] for line in lines if re.match(r"\s*Depends: linux-(modules|base)-\d", line)]
            wanted += [part if ":" in part else f"{part}:{architecture}" for part in parts]
        run("apt-get", "download", "-qq", *wanted, cwd=debs)
        for deb in debs.glob("*.deb"):
            run("dpkg-deb", "-x", str(deb), str(half))
    shutil.rmtree(debs)
    if folder.is_dir():  # another process was faster
        shutil.rmtree(half)
    else:
        half.rename(folder)
    return folder
