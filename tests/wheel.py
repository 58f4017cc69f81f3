"""Build the wheel, install it into a fresh environment, and run the tests against it, away from the sources."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run the tests against the wheel.

    Returns:
        pytest's exit code.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        build = [sys.executable, "-m", "build", "--outdir", temporary, str(REPOSITORY)]
        subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
        (wheel,) = folder.glob("*.whl")
        venv.create(folder / "env", with_pip=True)
        python = str(folder / "env" / "bin" / "python")
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--upgrade", "pip>=25.1"], check=True)
        configuration, tests = str(REPOSITORY / "pyproject.toml"), str(REPOSITORY / "tests")
        subprocess.run([*pip, f"{wheel}[all]", "--group", f"{configuration}:dev"], check=True)
        (folder / "elsewhere").mkdir()
        pytest = [python, "-P", "-m", "pytest", "-c", configuration, "-n", "auto", tests]
        return subprocess.run([*pytest, *sys.argv[1:]], cwd=folder / "elsewhere", check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
