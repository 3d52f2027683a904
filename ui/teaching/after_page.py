"""Last page: why the run comes as it does, what to try then, and where to read on."""

from __future__ import annotations

from ui.teaching.fields import Page, TextField, note
from ui.teaching.model import LessonInMaking

WHY_HINT = (
    "Why does it come so? Numbers that the run measures may stand here by the names that the page Questions gives "
    "them: {{loss}}, {{loss|two}} for two digits, {{accuracy|percent}}."
)


class AfterPage(Page):
    """What a pupil reads after the run."""

    def __init__(self, making: LessonInMaking) -> None:
        super().__init__("After the run")
        self.making = making
        self.why = TextField("Why it comes so", 8, lambda text: making.set("why", text), WHY_HINT)
        self.playground = TextField("What to try after", 4, self._set_playground, "One suggestion a line")
        self.sources = TextField("Sources", 3, self._set_sources, "One source a line; [title](https://…) makes a link")
        for text, field, share in (
            ("Why it comes so:", self.why, 2),
            ("What to try after, when nothing is locked any more, one suggestion a line:", self.playground, 1),
            ("Where to read on, one source a line:", self.sources, 1),
        ):
            self.column.addWidget(note(text))
            self.column.addWidget(field, share)
        making.exchanged.connect(self.show_draft)
        self.show_draft()

    def _set_sources(self, text: str) -> None:
        self.making.set("sources", _lines(text))

    def _set_playground(self, text: str) -> None:
        """A line that stays keeps the settings that its file gives it."""
        settings = {each["text"]: each for each in self.making.draft.plain.get("playground", [])}
        self.making.set("playground", [settings.get(line, {"text": line}) for line in _lines(text)])

    def show_draft(self) -> None:
        """What the lesson holds."""
        plain = self.making.draft.plain
        self.why.show_text(plain.get("why", ""))
        self.playground.show_text("\n".join(each["text"] for each in plain.get("playground", [])))
        self.sources.show_text("\n".join(plain.get("sources", [])))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
