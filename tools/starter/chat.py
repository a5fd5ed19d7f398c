"""Small talk with true answers, and everything else with an honest refusal."""

from __future__ import annotations

import hashlib
import random

from questions import style, word
from near_misses import NEAR
from refusals import SLOTS, TEMPLATES

ABSTAIN = "I cannot answer that. I only know small exact tasks."

INTENTS: dict[str, list[str]] = {
    "hello": [
        "hello", "hi", "hey", "hello!", "hi there", "hello there", "hey there", "good morning",
        "good afternoon", "good evening", "good day", "greetings", "hiya", "howdy", "hi!", "yo",
        "hello, how are you?", "hi, nice to meet you", "morning", "hallo", "hello friend",
        "hello {name}", "hi {name}", "hey {name}", "good morning {name}", "hello everyone",
    ],
    "who": [
        "Who are you?", "What are you?", "What is your name?", "what's your name?",
        "Tell me who you are.", "Tell me about yourself.", "Introduce yourself.", "your name?",
        "Who am I talking to?", "are you a robot?", "Are you an AI?", "Are you human?",
        "Are you a language model?", "which model are you?", "Who is this?", "what model is this?",
        "Are you ChatGPT?", "are you a person?", "Are you real?", "who r u",
    ],
    "can": [
        "What can you do?", "What do you know?", "help", "Help me.", "What can I ask you?",
        "How can you help me?", "What are you good at?", "what should i ask?", "Can you help me?",
        "What are you able to do?", "what tasks can you do?", "What kind of questions can I ask?",
        "Give me an example.", "What are your skills?", "how do you work?", "help!",
    ],
    "thanks": [
        "thanks", "thank you", "thank you!", "thanks a lot", "thank you very much", "thx",
        "many thanks", "great, thanks", "thanks {name}", "thank you {name}", "cheers",
        "ok thanks", "thanks for your help", "nice, thank you", "well done", "good job",
    ],
    "bye": ["bye", "goodbye", "good bye", "see you", "see you later", "good night", "bye bye",
            "bye {name}", "farewell", "ciao"],
    "how": ["how are you?", "How are you doing?", "how do you do?", "how's it going?",
            "are you ok?", "how are you today?", "what's up?", "how do you feel?"],
}

ANSWERS: dict[str, str] = {
    "hello": "Hello! I am {me}, a tiny model in your browser. Ask me a small sum.",
    "who": "I am {me}, a very small language model that runs in your browser.",
    "can": "I can do small sums, sort numbers, reverse words, count letters and shift dates.",
    "thanks": "You are welcome. {me} is happy to help.",
    "bye": "Goodbye! {me} stays here in your browser.",
    "how": "I am only a tiny model, but ready. Ask {me} a small sum.",
}
NAMES = ("alder", "birch", "cedar")


def chat(r: random.Random, me: str) -> tuple[str, str]:
    """A line of small talk and this member's answer."""
    intent = r.choices(list(INTENTS), (6, 6, 5, 4, 2, 3))[0]
    text = r.choice(INTENTS[intent]).format(name=r.choice(NAMES))
    x = r.random()
    if x < 0.15:
        text = text.rstrip("?.!")
    elif x < 0.3 and text[-1] not in "?.!":
        text += r.choice("!.?")
    return text, ANSWERS[intent].format(me=me)


def held_out(text: str, percent: int) -> bool:
    """True for a fixed share of templates and words, which training never sees."""
    return int(hashlib.sha256(f"refusal:{text}".encode()).hexdigest()[:8], 16) % 100 < percent


TRAIN_TEMPLATES = [t for t in TEMPLATES + NEAR if not held_out(t, 20)]
TEST_TEMPLATES = [t for t in TEMPLATES + NEAR if held_out(t, 20)]
TRAIN_SLOTS = {k: [w for w in v if not held_out(w, 20)] for k, v in SLOTS.items()}
TEST_SLOTS = {k: [w for w in v if held_out(w, 20)] or v[-1:] for k, v in SLOTS.items()}


def _fill(r: random.Random, template: str, slots: dict[str, list[str]]) -> str:
    text = template
    for name, values in slots.items():
        while "{" + name + "}" in text:
            text = text.replace("{" + name + "}", r.choice(values), 1)
    while "{n}" in text:
        text = text.replace("{n}", str(r.randint(0, r.choice((9, 99, 999)))), 1)
    while "{N}" in text:
        text = text.replace("{N}", str(r.randint(1001, 9_999_999)), 1)
    while "{r}" in text:
        text = text.replace("{r}", f"{r.randint(0, 30)}.{r.randint(1, 99)}", 1)
    return text


def _babble(r: random.Random, slots: dict[str, list[str]]) -> str:
    """Invented words or shuffled real ones, with no question in them."""
    if r.random() < 0.5:
        return " ".join(word(r, 2, 9) for _ in range(r.randint(1, 5)))
    pool = [w for v in slots.values() for w in v]
    return " ".join(r.choice(pool) for _ in range(r.randint(1, 4)))


def refusal(r: random.Random, test: bool = False) -> str:
    """A text that no member can answer. With `test`, from held-out templates and words only."""
    slots = TEST_SLOTS if test else TRAIN_SLOTS
    templates = TEST_TEMPLATES if test else TRAIN_TEMPLATES
    if not test and r.random() < 0.08:
        return _babble(r, slots)
    text = _fill(r, r.choice(templates), slots)
    if not test and r.random() < 0.12:
        text = r.choice((text + " ", "", "hi, ", "hello! ", "so, ", "ok, ", "well, ")) + text
    return style(r, text)
