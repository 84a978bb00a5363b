"""What processes remember of what clients send."""

from __future__ import annotations

from fhirstore.remembered import LONGEST, remembered


def test_long_texts_are_worked_out_and_not_kept() -> None:
    asked: list[str] = []

    @remembered(8)
    def length(text: str, other: str | None) -> int:
        asked.append(text)
        return len(text) + len(other or "")

    short, long = "x" * LONGEST, "x" * (LONGEST + 1)
    assert [length(short, None), length(short, None)] == [LONGEST, LONGEST]
    assert asked == [short]
    assert [length(long, None), length(long, None)] == [LONGEST + 1, LONGEST + 1]
    assert [length("", long), length("", long)] == [LONGEST + 1, LONGEST + 1]
    assert asked == [short, long, long, "", ""]
