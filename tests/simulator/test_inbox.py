"""What ends a thing that takes long goes before what else has been told."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import pytest

from simulator.running.inbox import CancellableInbox


@dataclass(frozen=True)
class Want:
    name: str


@dataclass(frozen=True)
class Say:
    word: str


class Cancel: ...


class Stop: ...


Command = Want | Say | Cancel | Stop


class Letters:
    """Commands that have come, by a letter each: A, B are wanted, small ones said, ! cancels, . stops."""

    def __init__(self, letters: str) -> None:
        self.come: deque[Command] = deque(command(letter) for letter in letters)

    def get(self, timeout: float | None) -> Command | None:
        return self.come.popleft() if self.come else None


def command(letter: str) -> Command:
    if letter == "!":
        return Cancel()
    if letter == ".":
        return Stop()
    return Want(letter) if letter.isupper() else Say(letter)


def letter_of(command: Command) -> str:
    if isinstance(command, Want):
        return command.name
    return command.word if isinstance(command, Say) else "!" if isinstance(command, Cancel) else "."


def is_needless(command: Command) -> bool:
    """Where something is wanted after it."""
    return isinstance(command, Want) or command == Say("x")


def left(inbox: CancellableInbox[Command]) -> str:
    letters = ""
    while (each := inbox.get(0)) is not None:
        letters += letter_of(each)
    return letters


@pytest.mark.parametrize(
    ("come", "overtaken", "then"),
    [
        ("", False, ""),
        ("ab", False, "ab"),
        ("aAb", True, "Aab"),
        ("AaBbC", True, "Cab"),
        ("xaA", True, "Aa"),
        ("xAax", True, "Aax"),
        ("!A", True, "A"),
        ("A!", True, "A!"),
        ("A!B!", True, "B!"),
        ("aA.", False, "aA."),
    ],
)
def test_the_last_that_is_wanted_is_next_and_what_cancelled_the_one_before_is_needless(
    come: str, overtaken: bool, then: str
) -> None:
    inbox: CancellableInbox[Command] = CancellableInbox(Letters(come), Cancel, Stop)
    assert inbox.overtaken(lambda each: isinstance(each, Want), is_needless) is overtaken
    assert left(inbox) == then


@pytest.mark.parametrize(
    ("come", "cancelled", "then"), [("", False, ""), ("aAb", False, "aAb"), ("a!b!", True, "ab"), ("a.", True, "a.")]
)
def test_to_cancel_is_heard_before_all_else_and_to_stop_waits(come: str, cancelled: bool, then: str) -> None:
    inbox: CancellableInbox[Command] = CancellableInbox(Letters(come), Cancel, Stop)
    assert inbox.cancelled() is cancelled
    assert left(inbox) == then


@pytest.mark.parametrize(
    ("come", "cancelled", "then"),
    [("aA", False, "aA"), ("aA!A", True, "aA"), ("A!a!A", True, "aA"), ("aA.", True, "aA.")],
)
def test_what_asks_again_for_what_is_cancelled_goes_with_it_but_for_what_comes_after(
    come: str, cancelled: bool, then: str
) -> None:
    inbox: CancellableInbox[Command] = CancellableInbox(Letters(come), Cancel, Stop)
    assert inbox.cancelled(lambda each: isinstance(each, Want)) is cancelled
    assert left(inbox) == then
