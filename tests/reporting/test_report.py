"""A page to send: whole, self-contained, without what identifies the phone, readable on a phone."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from support import CORPUS, corpus_files, judge, real

import pmport
from pmport import demo
from pmport.errors import FormatError
from pmport.render import Table, Text
from pmport.reporting import Topic, page, report

SERIAL, ADDRESS = "R58M12SECRET", "a4:50:46:12:34:56"
EVIL = "</style><script src=https://example.org/x.js></script><img src=x onerror=alert(1)>\u202e"
VOID = {"meta", "input", "img", "br"}


class Balanced(HTMLParser):
    """Every element is closed by its own end; all attributes are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def checked(text: str) -> Balanced:
    """The page is well-formed, asks nobody for anything, and runs nothing that its policy does not name."""
    parser = Balanced()
    parser.feed(text)
    assert parser.open == []
    assert "script" not in {tag for tag, _, _ in parser.attributes}
    assert not [row for row in parser.attributes if row[1] in {"src", "srcset", "action", "data", "background"}]
    assert {value[0] for _, name, value in parser.attributes if name == "href"} <= {"#"}
    assert not re.search(r"url\(|@import", "".join(re.findall(r"<style>(.*?)</style>", text, re.DOTALL)))
    return parser


def tree_with_secrets() -> bytes:
    tree = pmport.devicetree.parse_source(
        """/ { model = "Acme Argon"; serial-number = "SERIAL"; l5: l5 { regulator-name = "l5"; };
        tlmm: pinctrl { gpio-controller; #gpio-cells = <2>; };
        wlan { compatible = "qcom,wcnss-wlan"; local-mac-address = [a4 50 46 12 34 56]; vdd-supply = <&l5>; };
        panel { compatible = "acme,panel"; reset-gpios = <&tlmm 25 1>; }; chosen { bootargs = "quiet WORDS"; }; };"""
    )
    tree.root["serial-number"] = SERIAL
    tree["/chosen"]["bootargs"] = f"quiet androidboot.serialno={SERIAL} androidboot.wifimacaddr={ADDRESS}"
    return bytes(tree)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    folder = tmp_path / "jane-doe"
    folder.mkdir()
    made = pmport.formats.BootImage.build(
        bytes(64), demo.ramdisk(), dtb=tree_with_secrets(), header_version=2, page_size=4096,
        cmdline=f"quiet androidboot.serialno={SERIAL}",
    )  # fmt: skip
    (folder / "boot.img").write_bytes(bytes(made))
    (folder / "getvar.txt").write_text(f"(bootloader) product: argon\n(bootloader) serialno: {SERIAL}\n", "utf-8")
    return folder / "boot.img"


def test_a_page_has_what_the_files_tell_and_nothing_that_identifies_the_phone(image: Path) -> None:
    made = report([image, image.parent / "getvar.txt"])
    checked(made.html)
    assert [name for name, _ in made.sections if not name.startswith("file")] == [
        "summary", "findings", "facts", "trees", "mainline", "supplies", "pins", "questions",
    ]  # fmt: skip
    assert "Acme Argon" in made.html
    assert "[redacted]" in made.html
    for secret in (SERIAL, ADDRESS, "a4 50 46", "jane-doe"):
        assert secret not in made.html


def test_text_from_files_is_never_markup(image: Path, tmp_path: Path) -> None:
    tree = pmport.devicetree.DeviceTree()
    tree.root["model"] = EVIL.encode() + b"\0"
    tree.root.raw[EVIL] = b"1\0"
    tree.root.add(EVIL.replace("/", "_"))["compatible"] = EVIL.encode() + b"\0"
    name = tmp_path / "<b>onclick=alert(1) \u202e.dtb"
    name.write_bytes(bytes(tree))
    made = report([image, name], title=EVIL)
    parser = checked(made.html)
    assert not [row for row in parser.attributes if row[1].startswith("on") and "alert" in row[2]]
    assert "\u202e" not in made.html
    assert EVIL not in made.html


def test_a_page_may_do_what_its_views_do_and_nothing_else() -> None:
    rows = [(number, "x") for number in range(20)]
    made = page("a", [Topic("one", "One", (Table(("a", "b"), rows), Text('onclick="alert(1)"')))])
    parser = checked(made)
    policy = next(value for tag, name, value in parser.attributes if tag == "meta" and "default-src" in value)
    handlers = {value for _, name, value in parser.attributes if name.startswith("on")}
    assert len(re.findall("sha256-", policy)) == len(handlers) == 1
    assert "unsafe-inline" not in policy.partition("style-src")[0]


def test_a_file_that_cannot_be_read_is_named_and_none_is_an_error(image: Path) -> None:
    broken = image.parent / "broken.img"
    broken.write_bytes(image.read_bytes()[:5000])
    made = report([image, broken])
    assert made.sections[-1] == ("unread", "Not read")
    assert "broken.img" in made.html
    with pytest.raises(FormatError):
        report([broken])
    with pytest.raises(FormatError):
        report([])


SAMPLES = [
    path
    for folder in ("boot", "dtb", "qcdt", "dtbo", "pit", "vbmeta", "kernel", "kconfig", "super", "sparse")
    for path in corpus_files(folder)[:20]
]


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_real_file_gives_a_page(path: Path) -> None:
    try:
        pmport.open(real(path)).close()
    except FormatError:  # some test data of pmbootstrap's is cut
        with pytest.raises(FormatError):
            report(path)
        return
    made = report(path)
    checked(made.html)
    assert made.title
    assert len(made.html) < 4 << 20


def test_the_command_writes_a_page_and_does_not_replace_one(image: Path, tmp_path: Path) -> None:
    def run(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pmport", "report", str(image), "-o", str(tmp_path / "p.html"), *more]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert run().returncode == 0
    text = (tmp_path / "p.html").read_text(encoding="utf-8")
    again = run()
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert (tmp_path / "p.html").read_text(encoding="utf-8") == text
    assert run("--force").returncode == 0


HARNESS = """<!DOCTYPE html><title>harness</title><iframe id=page width=WIDTH height=700></iframe><pre id=result></pre><script>
const frame = document.getElementById("page"), said = [];
frame.onload = () => {
  const doc = frame.contentDocument, view = frame.contentWindow;
  if (!doc.querySelector("main")) return;
  doc.addEventListener("securitypolicyviolation", event => said.push(event.violatedDirective + event.blockedURI));
  const field = doc.querySelector("#trees input"), all = () => [...doc.querySelectorAll("#trees details, #trees p")];
  const shown = () => all().filter(e => !e.hidden && e.checkVisibility()).length;
  const before = shown();
  const find = word => { field.value = word; field.dispatchEvent(new view.Event("input", {bubbles: true})); return shown(); };
  const found = find("acme,panel"), nothing = find("no such word"), after = find("");
  const head = doc.querySelector("#facts th"), first = () => doc.querySelector("#facts tbody tr").textContent;
  head.click(); const up = first(); head.click(); const down = first();
  document.getElementById("result").textContent = JSON.stringify({
    before, found, nothing, after, sorted: up !== down, said,
    wide: doc.documentElement.scrollWidth, requests: view.performance.getEntriesByType("resource").length,
    ground: view.getComputedStyle(doc.body).backgroundColor, text: view.getComputedStyle(doc.body).color,
  });
};
frame.src = "phone.html";
</script>"""


def in_browser(folder: Path, width: int, *options: str) -> dict[str, Any]:
    """What a real browser makes of the page in the folder."""
    browser = judge("chromium", "chromium")
    (folder / "harness.html").write_text(HARNESS.replace("WIDTH", str(width)), encoding="utf-8")
    command = [
        browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
        f"--user-data-dir={folder / 'profile'}", "--allow-file-access-from-files", "--virtual-time-budget=20000",
        *options, "--dump-dom", (folder / "harness.html").as_uri(),
    ]  # fmt: skip
    environment = os.environ | {"HOME": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment)
    result = re.search(r'<pre id="result">(.+?)</pre>', done.stdout, re.DOTALL)
    assert result, done.stdout[-500:] + done.stderr[-2000:]
    told: dict[str, Any] = json.loads(html.unescape(result[1]))
    return told


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_browser_searches_sorts_and_asks_nobody(image: Path, tmp_path: Path, *, dark: bool) -> None:
    report(image).write_to(tmp_path / "phone.html")
    told = in_browser(tmp_path, 360, *(["--blink-settings=preferredColorScheme=0"] if dark else []))
    assert told["found"] == 2  # the root and the panel
    assert told["nothing"] == 0
    assert told["before"] == told["after"] > told["found"]
    assert told["sorted"]
    assert (told["said"], told["requests"]) == ([], 0)
    assert told["wide"] <= 360
    channels = sum(map(int, re.findall(r"\d+", told["ground"])[:3]))
    assert channels < 100 if dark else channels > 700


@pytest.mark.slow
@pytest.mark.corpus
def test_a_real_phones_page_fits_a_phones_screen(tmp_path: Path) -> None:
    files = [
        real(CORPUS / "boot" / "xiaomi-lithium-edk2-uefi-a.img"),
        real(CORPUS / "pit" / "AsteroidOS-A40_EUR_OPEN.pit"),
    ]
    report(files).write_to(tmp_path / "phone.html")
    told = in_browser(tmp_path, 360)
    assert told["wide"] <= 360
    assert (told["said"], told["requests"]) == ([], 0)
