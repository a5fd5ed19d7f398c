"""Answers every dev, test, small-talk and refusal question with every member.

    python3 evaluate.py [member...]
    python3 evaluate.py --samples

Uses the weights as rounded in the GGUF files. Answers go to
.work/answers.<member>.json; report.py turns them into numbers.
"""

from __future__ import annotations

import json
import random
import sys

import torch

from chat import ABSTAIN, ANSWERS, INTENTS, NAMES, refusal
from config import DEV_COUNT, DEV_SEED, TEST_COUNT, TEST_SEED, WORK, load_member, member_ids
from gguf import QUANTIZATION, load_checkpoint, rounded
from model import greedy
from questions import question_set

SAMPLES, TEMPERATURE = 3, 0.5
REFUSALS = 500
LONGEST = 24  # longer than any answer to a task; an abstention is known from its beginning
SHORT = 16  # characters of an abstention that are compared
SHOWN = ["What is 38 + 47?", "hello", "Who is the president of France?", "Who are you?",
         "What can you do?", "thanks", "How many letters are in strawberry?",
         "How many r's are in strawberry?", "What is the third letter of planet?", "Reverse the word cat.",
         "What is the square root of 16?", "Which is larger, 38 or 47?", "Sort 12, 7, 3",
         "What day is 3 days after friday?", "What comes next: 2, 4, 6, 8?", "Is 38 even?",
         "What is 7 * 8?", "What date is 5 days after 14 march?", "5 - 17", "38+47"]


def refusal_texts(test: bool, seed: int) -> list[str]:
    """Distinct texts to refuse; with `test` from held-out templates and words."""
    r, out = random.Random(seed), {}
    while len(out) < REFUSALS:
        out.setdefault(refusal(r, test).lower(), None)
    return list(out)


def small_talk() -> list[tuple[str, str]]:
    """All (text, intent) pairs of small talk."""
    return [(t.format(name=NAMES[0]), i) for i, texts in INTENTS.items() for t in texts]


def whole(answers: list[str]) -> list[str]:
    """Answers with every begun abstention completed."""
    return [ABSTAIN if a[:SHORT] == ABSTAIN[:SHORT] else a for a in answers]


def evaluate(name: str) -> None:
    """Writes one member's answers."""
    torch.set_num_threads(1)
    torch.manual_seed(load_member(name).seed)
    model, saved = load_checkpoint(name)
    model = rounded(model, QUANTIZATION)
    out: dict = {"step": saved["step"], "seconds": saved["seconds"], "examples": saved["examples"]}
    dev = [q.prompt for q in question_set("dev", DEV_COUNT, DEV_SEED)]
    test = [q.prompt for q in question_set("test", TEST_COUNT, TEST_SEED)]
    out["dev"] = whole(greedy(model, dev, LONGEST))
    out["test"] = whole(greedy(model, test, LONGEST))
    out["refusalHeldOut"] = whole(greedy(model, refusal_texts(True, 21), SHORT))
    out["refusalTrainedTemplates"] = whole(greedy(model, refusal_texts(False, 22), SHORT))
    talk = small_talk()
    name_shown = load_member(name).name
    replies = greedy(model, [t for t, _ in talk], 100)
    out["talk"] = [r == ANSWERS[i].format(me=name_shown) for r, (_, i) in zip(replies, talk)]
    out["shown"] = dict(zip(SHOWN, greedy(model, SHOWN, 100)))
    (WORK / f"answers.{name}.json").write_text(json.dumps(out))


def sample_best() -> None:
    """Adds several sampled answers per test question of the member that is best on dev."""
    dev = question_set("dev", DEV_COUNT, DEV_SEED)
    files = {m: WORK / f"answers.{m}.json" for m in member_ids()}
    answers = {m: json.loads(path.read_text()) for m, path in files.items()}
    best = max(answers, key=lambda m: sum(a == q.answer for a, q in zip(answers[m]["dev"], dev)))
    torch.set_num_threads(1)
    torch.manual_seed(load_member(best).seed)
    model = rounded(load_checkpoint(best)[0], QUANTIZATION)
    test = [q.prompt for q in question_set("test", TEST_COUNT, TEST_SEED)]
    answers[best]["samples"] = [whole(greedy(model, test, LONGEST, temperature=TEMPERATURE))
                                for _ in range(SAMPLES)]
    files[best].write_text(json.dumps(answers[best]))


if __name__ == "__main__":
    if sys.argv[1:] == ["--samples"]:
        sample_best()
    else:
        for member in sys.argv[1:] or member_ids():
            evaluate(member)
