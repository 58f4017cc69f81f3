"""Values show themselves as text, on a terminal and in a notebook."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from pmport.findings import Finding, Findings, Severity
from pmport.render import Bar, Stack, Table, Text, size_text

FINDINGS = Findings(
    [
        Finding(Severity.NOTE, "small", "nothing much"),
        Finding(Severity.ERROR, "page-size", "page size is 0", where="boot.img", fix="use the stock image's"),
    ]
)


def drawn(view: object) -> str:
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    console.print(view)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_findings_come_worst_first() -> None:
    assert [finding.code for finding in FINDINGS] == ["page-size", "small"]
    assert (
        str(FINDINGS.view()).splitlines()[0] == "error[page-size] boot.img: Page size is 0. Fix: use the stock image's"
    )


def test_no_findings_say_so() -> None:
    assert str(Findings().view()) == "no findings"
    assert Findings().worst is None


def test_every_view_draws_in_all_three_ways() -> None:
    stack = Stack(
        [Table(("a", "b"), [(1, "<x>")], title="T"), Bar([("kernel", 10), ("ramdisk", 30)], title="L"), Text("free")]
    )
    for text in (str(stack), drawn(stack), stack._repr_html_()):
        assert "kernel" in text
        assert "free" in text
    assert "&lt;x&gt;" in stack._repr_html_()
    assert "<script" not in stack._repr_html_()
    assert "page-size" in drawn(FINDINGS)


@given(st.lists(st.tuples(st.sampled_from(["header", "kernel", "ramdisk"]), st.integers(0, 1 << 40)), max_size=12))
def test_a_bar_keeps_its_width_whatever_the_sizes(segments: list[tuple[str, int]]) -> None:
    shown = [segment for segment in segments if segment[1]]
    text = str(Bar(segments, width=72))
    assert text.count("|") == len(shown) + 1 if shown else text == "||"
    assert len(text) <= 72 + len(shown)


def test_sizes_read_as_people_write_them() -> None:
    assert [size_text(n) for n in (0, 1023, 1024, 5 * 1024**2, 7 * 1024**5)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "5.0 MiB",
        "7168.0 TiB",
    ]


def test_a_longer_table_sorts_at_a_click_and_a_short_one_is_left_alone() -> None:
    longer = Table(("size",), [(number,) for number in range(4)])._repr_html_()
    assert longer.count("onclick=") == 1
    assert "<script" not in longer
    assert "onclick" not in Table(("size",), [(1,)])._repr_html_()


def test_a_long_table_is_shown_in_part_until_all_is_asked_for() -> None:
    html = Table(("n",), [(number,) for number in range(1000)])._repr_html_()
    shown, _, rest = html.partition("<tbody hidden>")
    assert (shown.count("<tr>"), rest.count("<td style='text-align:left'>9")) == (201, 100)
    assert "show all 1000" in rest
    assert "show all" not in Table(("n",), [(number,) for number in range(200)])._repr_html_()
