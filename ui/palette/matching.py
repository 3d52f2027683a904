"""How well a few typed words fit a text: whole words, beginnings, parts of words, and words with a slip."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Sequence

from ui.palette.related_words import related_to

WHOLE, BEGINNING, RELATED, WITHIN, SLIP = 1.0, 0.8, 0.6, 0.5, 0.3
"""What a typed word is worth that is a word of the text, begins one, begins as one does (saturation, saturated), stands
within one, or does so but for a slip."""
ALIKE = 0.08
"""What it is worth that another word for the same thing is a word of the text: in a title less than itself anywhere."""
WORD = r"\w+"
LIKENESSES = 2**17
"""Pairs of words that are remembered: with each letter that is typed all words but the last are as before."""
SHORTEST_SLIP, SHORTEST_WITHIN = 5, 3
"""Letters of a word from which on a slip is forgiven, and it is looked for within words."""
STEM = 0.7
"""Share of the longer of two words that they have in common where they are related."""
SMALL = 0.05
"""What a small word counts beside the others."""


def fit(query: str, texts: Sequence[tuple[frozenset[str], float]]) -> float:
    """How well the words of ``query`` fit (words, weight) pairs; 0 where one that tells something fits none of them."""
    asked = re.findall(WORD, query.lower())
    best = {word: max((_fit(word, words) * weight for words, weight in texts), default=0.0) for word in asked}
    telling = [best[word] for word in asked if word not in SMALL_WORDS] or list(best.values())
    return sum(telling) + SMALL * sum(best.values()) if telling and all(telling) else 0.0


def words_of(text: str) -> frozenset[str]:
    """In small letters."""
    return frozenset(re.findall(WORD, text.lower()))


SMALL_WORDS = words_of("a an and are as at by do does for how in is it of on or that the to what which why with")
"""What stands in every sentence tells next to nothing."""


def _fit(word: str, words: frozenset[str]) -> float:
    alike = ALIKE * (not related_to(word).isdisjoint(words))
    return max((_likeness(word, each) for each in words), default=0.0) or alike


@functools.lru_cache(maxsize=LIKENESSES)
def _likeness(word: str, other: str) -> float:
    if word == other:
        return WHOLE
    if other.startswith(word):
        return BEGINNING
    stem = max(math.ceil(STEM * max(len(word), len(other))), SHORTEST_SLIP)
    if min(len(word), len(other)) >= stem and word[:stem] == other[:stem]:
        return RELATED
    if word in other and len(word) >= SHORTEST_WITHIN:
        return WITHIN
    # What is still being typed may be the beginning of a longer word.
    parts = (word, other), (word, other[: len(word)]), (word[:stem], other[:stem])
    return SLIP if any(_slipped(one, another) for one, another in parts) else 0.0


def _slipped(one: str, other: str) -> bool:
    """Whether two words of some length that begin alike differ by one slip."""
    return min(len(one), len(other)) >= SHORTEST_SLIP and one[0] == other[0] and slips(one, other) <= 1


def slips(one: str, other: str) -> int:
    """Letters to leave out, put in, change or swap with a neighbour to make one word the other."""
    if abs(len(one) - len(other)) > 1:
        return abs(len(one) - len(other))
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, its in enumerate(other, 1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                least = min(least, last[j - 2] + 1)
            row.append(least)
    return row[-1]
