"""Last page: why the run comes as it does, what to try then, and where to read on."""

from __future__ import annotations

from ui.style.widgets import muted
from ui.teaching.fields import FieldsPage, TextField
from ui.teaching.model import LessonInMaking
from ui.teaching.playground_editor import PlaygroundEditor

WHY_HINT = (
    "Why does it come so? Numbers that the run measures may stand here by the names that the page Questions gives "
    "them: {{loss}}, {{loss|two}} for two digits, {{accuracy|percent}}."
)


class AfterPage(FieldsPage):
    """What a pupil reads after the run."""

    def __init__(self, making: LessonInMaking) -> None:
        super().__init__("After the run")
        self.making = making
        self.why = TextField("Why it comes so", 4, lambda text: making.set("why", text), WHY_HINT)
        self.playground = PlaygroundEditor(making)
        self.sources = TextField("Sources", 2, self._set_sources, "One source a line; [title](https://…) makes a link")
        read_on = muted("Where to read on, one source a line:")
        self.fill(muted("Why it comes so:"), (self.why, 2), self.playground, read_on, (self.sources, 1))
        making.exchanged.connect(self.show_draft)
        self.show_draft()

    def _set_sources(self, text: str) -> None:
        self.making.set("sources", _lines(text))

    def show_draft(self) -> None:
        """What the lesson holds."""
        plain = self.making.draft.plain
        self.why.show_text(plain.get("why", ""))
        self.playground.show_draft()
        self.sources.show_text("\n".join(plain.get("sources", [])))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
