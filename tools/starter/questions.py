"""Exactly checkable questions in twelve families, deterministic by seed.

A question's canonical key (family and operands, without order where order does
not matter) decides by its SHA-256 whether it belongs to train, dev or test, so
no operands of dev or test are ever trained in any phrasing.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import Callable

from phrasings import KINDS, PHRASINGS
from words import WORDS

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august",
          "september", "october", "november", "december")
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
ORDINALS = ("first", "second", "third", "fourth", "fifth")
DEV_PERCENT, TEST_PERCENT = 6, 10
LEVELS = (1, 2, 3)
FAMILIES = tuple(PHRASINGS)
Made = tuple[str, str, dict[str, str], str]  # operand key, phrasing group, slots, answer


@dataclass(frozen=True)
class Question:
    """One question with its only correct answer."""

    family: str
    level: int
    kind: str
    prompt: str
    answer: str
    key: str


def split_of(key: str) -> str:
    """train, dev or test by the hash of the canonical key."""
    bucket = int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) % 100
    if bucket < DEV_PERCENT:
        return "dev"
    return "test" if bucket < DEV_PERCENT + TEST_PERCENT else "train"


def _pair(a: int, b: int) -> str:
    return f"{min(a, b)},{max(a, b)}"


def _addition(r: random.Random, level: int) -> Made:
    if level == 1:
        a, b = r.randint(0, 20), r.randint(0, 20)
    elif level == 2:
        a, b = r.randint(10, 99), r.randint(2, 99)
    else:
        a, b = r.randint(100, 299), r.randint(10, 99)
    if r.random() < 0.5:
        a, b = b, a
    return _pair(a, b), "add", {"a": str(a), "b": str(b)}, str(a + b)


def _subtraction(r: random.Random, level: int) -> Made:
    if level == 1:
        a = r.randint(1, 20)
        b = r.randint(0, a)
    elif level == 2:
        a = r.randint(12, 99)
        b = r.randint(2, a)
    elif r.random() < 0.5:
        b = r.randint(11, 99)
        a = r.randint(2, b - 1)
    else:
        a, b = r.randint(100, 199), r.randint(10, 99)
    return f"{a},{b}", "subtract", {"a": str(a), "b": str(b)}, str(a - b)


def _multiplication(r: random.Random, level: int) -> Made:
    a = r.randint(2, 12) if r.random() < 0.25 else r.randint(2, 99)
    b = r.choice(((2, 2, 5, 10), (3, 4), (6, 7, 8, 9))[level - 1])
    if r.random() < 0.5:
        a, b = b, a
    return _pair(a, b), "multiply", {"a": str(a), "b": str(b)}, str(a * b)


def _comparison(r: random.Random, level: int) -> Made:
    if level == 1:
        a, b = r.sample(range(0, 60), 2)
    elif level == 2:
        a, b = r.sample(range(10, 300), 2)
    else:
        a = r.randint(100, 999)
        span = r.choice((9, 40))
        b = a
        while b == a:
            b = min(999, max(90, a + r.randint(-span, span)))
    group = r.choice(("larger", "smaller"))
    answer = max(a, b) if group == "larger" else min(a, b)
    return _pair(a, b), group, {"a": str(a), "b": str(b)}, str(answer)


def _numbers(r: random.Random, level: int) -> list[int]:
    return r.sample(range(60 if level == 1 else 100), level + 2)


def _sorting(r: random.Random, level: int) -> Made:
    n = _numbers(r, level)
    down = level > 1 and r.random() < 0.25
    key = ",".join(map(str, sorted(n)))
    answer = ", ".join(map(str, sorted(n, reverse=down)))
    return key, "descending" if down else "ascending", {"l": ", ".join(map(str, n))}, answer


def _extreme(r: random.Random, level: int) -> Made:
    n = _numbers(r, level)
    group = r.choice(("largest", "smallest"))
    answer = max(n) if group == "largest" else min(n)
    return ",".join(map(str, sorted(n))), group, {"l": ", ".join(map(str, n))}, str(answer)


def word(r: random.Random, low: int, high: int) -> str:
    """A real or an invented, mostly pronounceable word of low..high letters."""
    length = r.randint(low, high)
    if r.random() < 0.4 and WORDS.get(length):
        return r.choice(WORDS[length])
    if r.random() < 0.2:
        return "".join(r.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(length))
    out, vowel = "", r.random() < 0.4
    while len(out) < length:
        out += r.choice("aeiou" if vowel else "bcdfghjklmnprstvwyz")
        vowel = not vowel if r.random() < 0.85 else vowel
    return out


def _reversing(r: random.Random, level: int) -> Made:
    w = word(r, *((3, 3), (4, 4), (5, 5))[level - 1])
    return w, "reverse", {"w": w}, w[::-1]


def _counting(r: random.Random, level: int) -> Made:
    if level == 1:
        group, w = "length", word(r, 3, 6)
    elif level == 2:
        group, w = r.choice((("length", word(r, 6, 9)), ("vowels", word(r, 3, 5))))
    else:
        group, w = r.choice((("length", word(r, 9, 11)), ("vowels", word(r, 6, 9))))
    count = len(w) if group == "length" else sum(c in "aeiou" for c in w)
    return f"{group},{w}", group, {"w": w}, str(count)


def _letter(r: random.Random, level: int) -> Made:
    w = word(r, *((3, 5), (4, 6), (6, 9))[level - 1])
    if level == 1:
        group, n = r.choice((("first", 1), ("last", len(w))))
    else:
        group, n = "nth", r.randint(2, min(level + 2, len(w) - 1))
    return f"{n},{w}", group, {"w": w, "n": str(n), "o": ORDINALS[n - 1]}, w[n - 1]


def _days(n: int) -> str:
    return "1 day" if n == 1 else f"{n} days"


def _date(r: random.Random, level: int) -> Made:
    while True:
        m = r.randrange(12)
        d = r.randint(1, MONTH_DAYS[m])
        n = r.randint(1, 9) if level == 1 else r.randint(4, 20) if level == 2 else r.randint(1, 20)
        back = level > 1 and r.random() < 0.4
        m2, d2 = m, d - n if back else d + n
        if d2 < 1:
            m2 = (m - 1) % 12
            d2 += MONTH_DAYS[m2]
        elif d2 > MONTH_DAYS[m]:
            m2, d2 = (m + 1) % 12, d2 - MONTH_DAYS[m]
        if (m2 != m) != (level == 3) or {m, m2} == {1, 2}:
            continue  # level 3 crosses a month's end, but never february's (leap years)
        group = "before" if back else "after"
        slots = {"d": f"{d} {MONTHS[m]}", "n": _days(n)}
        return f"{d},{m},{group},{n}", group, slots, f"{d2} {MONTHS[m2]}"


def _sequence(r: random.Random, level: int) -> Made:
    terms = r.randint(3, 5)
    if level == 1:
        step, start = r.choice((1, 2, 5, 10)), r.randint(0, 40)
    elif level == 2:
        step, start = r.randint(3, 9), r.randint(0, 40)
    elif r.random() < 0.5:
        step = -r.randint(2, 9)
        start = r.randint(-5 * step, 99)
    else:
        step, start = r.randint(10, 15), r.randint(1, 40)
    shown = [start + i * step for i in range(terms)]
    return f"{start},{step}", "next", {"l": ", ".join(map(str, shown))}, str(start + terms * step)


def _divisibility(r: random.Random, level: int) -> Made:
    if level == 1:
        k, n = 2, r.randint(0, 99)
    elif level == 2:
        k, n = r.choice((2, 5, 10)), r.randint(100, 999)
    elif r.random() < 0.25:
        k, n = 3, r.randint(10, 99)
    else:
        k, n = r.choice((4, 20, 25)), r.randint(100, 999)
    if k != 2 and r.random() < 0.45:
        n -= n % k
    group = r.choice(("even", "odd")) if k == 2 else "divisible"
    answer = "yes" if (n % k == 0) != (group == "odd") else "no"
    return f"{n},{k}", group, {"n": str(n), "k": str(k)}, answer


MAKERS: dict[str, Callable[[random.Random, int], Made]] = {
    "addition": _addition, "subtraction": _subtraction, "multiplication": _multiplication,
    "comparison": _comparison, "sorting": _sorting, "reversing": _reversing,
    "counting": _counting, "letter": _letter, "date": _date, "sequence": _sequence,
    "divisibility": _divisibility, "extreme": _extreme,
}


def style(r: random.Random, text: str) -> str:
    """Small surface variation: case, politeness, closing mark."""
    x = r.random()
    if x < 0.72:
        return text
    if x < 0.80:
        return text.lower()
    if x < 0.84:
        return text.upper()
    if x < 0.93:
        return text.rstrip("?.") if text[-1] in "?." and not text.endswith("...") else text + "?"
    if x < 0.96 and text[0].isalpha():
        return "Please " + text[0].lower() + text[1:]
    return text[0].upper() + text[1:]


def make(r: random.Random, family: str, level: int, split: str, brevity: int = 1) -> Question:
    """One random question of a family, a level and a split.

    Three times in four it takes the shortest of `brevity` random phrasings
    (training is faster with shorter texts).
    """
    while True:
        operands, group, slots, answer = MAKERS[family](r, level)
        key = f"{family}:{operands}"
        if split_of(key) == split:
            phrasing = r.choice(PHRASINGS[family][group])
            if brevity > 1 and r.random() < 0.75:
                phrasing = min((r.choice(PHRASINGS[family][group]) for _ in range(brevity)), key=len)
            prompt = style(r, phrasing.format(**slots))
            return Question(family, level, KINDS[family], prompt, answer, key)


def question_set(split: str, count: int, seed: int) -> list[Question]:
    """A balanced set with distinct texts (compared without case)."""
    r, seen, out = random.Random(seed), set(), []
    for index in range(count):
        family = FAMILIES[index % len(FAMILIES)]
        level = LEVELS[index // len(FAMILIES) % len(LEVELS)]
        for _ in range(10_000):
            q = make(r, family, level, split)
            if q.prompt.lower() not in seen:
                break
        else:
            raise RuntimeError(f"too few distinct {split} questions: {family} level {level}")
        seen.add(q.prompt.lower())
        out.append(q)
    return out
