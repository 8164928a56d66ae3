"""Two people in one document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from .conftest import Arrive
from .pages import Editor, Line, connections_told, must

if TYPE_CHECKING:
    from pathlib import Path

    from .people import Person

pytestmark = [pytest.mark.e2e, pytest.mark.system("mdreader")]

ARRIVES = 2.0  # seconds that an edit may take to the other's screen
START = "# Field notes\n\n"


@pytest.fixture
def document(anna: Person, ben: Person) -> str:
    """A document that both may write."""
    workspace = anna.workspace()
    anna.share(workspace, ben)
    return anna.document(content=START, workspace=workspace)


@pytest.mark.proves("MDR-FLOW-3")
def test_both_see_each_others_edits(
    anna: Person, ben: Person, document: str, arrive: Arrive, evidence_folder: Path
) -> None:
    """Each sees that the other is there, and what they write within two seconds, without reloading."""
    first, second = Editor(arrive(anna)).open(document), Editor(arrive(ben)).open(document)
    with connections_told(first, second):
        first.sees(ben.name, otherwise="Anna does not see that Ben is here")
        second.sees(anna.name, otherwise="Ben does not see that Anna is here")
        taken = []
        for turn in range(6):
            writer, reader = (first, second) if turn % 2 == 0 else (second, first)
            taken.append(_seconds_to_arrive(writer, reader, f"edit {turn} of {writer.visitor.name}\n"))
        said = json.dumps({"seconds": taken, "budget": ARRIVES})
        (evidence_folder / "arrival.json").write_text(said, encoding="utf-8")
        assert max(taken) <= ARRIVES, (
            f"an edit took {max(taken):.2f} s to the other's screen, the budget is {ARRIVES} s"
        )
        assert first.text() == second.text() == anna.read(document), "they do not see the same text"
        must(first.preview, "the preview does not follow the other's edits").to_contain_text("edit 5 of ben")
        first.visitor.page.get_by_role("link", name="Back to the workspace").click()
        second.sees(otherwise="Ben does not see that Anna has gone")


@pytest.mark.proves("MDR-FLOW-3")
def test_nothing_is_lost_when_one_reconnects(anna: Person, ben: Person, document: str, arrive: Arrive) -> None:
    """One loses the connection, both go on writing, and when it is back both have all of it, and so has the API."""
    leaving = arrive(anna)
    line = Line(leaving)
    away, there = Editor(leaving).open(document), Editor(arrive(ben)).open(document)
    with connections_told(away, there):
        away.write("Anna before. ")
        there.shows("Anna before. ", "Ben's page does not show what Anna wrote")

        line.cut()
        away.offline()
        there.sees(otherwise="Ben does not see that Anna has gone")
        away.write("Anna away. ")
        there.write("Ben alone. ")
        there.saved()
        assert "Anna away." not in there.text(), "the connection was not lost"

        line.mend()
        away.shows("Ben alone. ", "after coming back, Anna's page lacks what Ben wrote", within=10)
        there.shows("Anna away. ", "after coming back, Ben's page lacks what Anna wrote")
        away.saved()
        assert away.text() == there.text() == anna.read(document), "they do not see the same text"
        lost = [words for words in ("Anna before.", "Anna away.", "Ben alone.") if away.text().count(words) != 1]
        assert not lost, f"lost, or there twice: {lost} in {away.text()!r}"
        there.sees(anna.name, otherwise="Ben does not see that Anna is back")


@pytest.mark.proves("MDR-FLOW-3")
def test_both_write_at_once(anna: Person, ben: Person, document: str, arrive: Arrive) -> None:
    """Both type into one line at the same time, and every letter of both is there, in their order."""
    first, second = Editor(arrive(anna)).open(document), Editor(arrive(ben)).open(document)
    with connections_told(first, second):
        numbers, letters = "0123456789" * 4, "abcdefghij" * 4
        first.write(">")
        second.shows(">", "Ben's page does not show what Anna wrote")
        second.write("<")
        first.shows("<", "Anna's page does not show what Ben wrote")
        for place in range(0, len(numbers), 2):
            first.page.keyboard.type(numbers[place : place + 2])
            second.page.keyboard.type(letters[place : place + 2])
        for editor in (first, second):
            editor.saved()
        text = anna.read(document)
        for editor in (first, second):
            editor.shows(text, f"{editor.visitor.name}'s page lacks what is stored")
        assert first.text() == second.text() == text, "they do not see the same text"
        line = text.removeprefix(START)
        for name, written in (("Anna", numbers), ("Ben", letters)):
            kept = "".join(letter for letter in line if letter in written)
            assert kept == written, f"of what {name} wrote, this is left: {kept}"


def _seconds_to_arrive(writer: Editor, reader: Editor, text: str) -> float:
    """Measure by the browser's clock, which both have, from the last key to the other's screen."""
    reader.page.evaluate(
        """text => {
          const source = document.getElementById("source");
          window.arrival = new Promise((seen) => {
            const look = () => (source.value.includes(text) ? seen(Date.now()) : requestAnimationFrame(look));
            look();
          });
        }""",
        text,
    )
    writer.write(text[:-1])
    begun = writer.page.evaluate("Date.now()")
    writer.page.keyboard.type(text[-1])
    reader.shows(text, f"{reader.visitor.name}'s page does not show what {writer.visitor.name} wrote")
    return float(reader.page.evaluate("window.arrival") - begun) / 1000
