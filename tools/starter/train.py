"""Trains one council member from random weights on one CPU thread.

    python3 train.py alder

An interrupted run goes on from its last checkpoint.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from chat import ABSTAIN, chat, refusal
from config import (CHAT_SHARE, DEV_COUNT, DEV_SEED, FAMILY_WEIGHT, LAST_WEIGHT, REFUSAL_SHARE,
                    UNDERWEIGHT, WORK, MemberConfig, load_member)
from model import EOS, PAD, Member, encode, greedy, prompt_ids
from optimizer import Optimizer
from questions import FAMILIES, make, question_set

#: Peak rates. Weight decay makes members generalise where they would else learn operands by heart; with Muon it also
#: sets the size of the steps: each turns a matrix by about sqrt(2 rate decay), 3.5 % here. 11 % learned nothing.
RATE, MATRIX_RATE, DECAY, WARM_UP = 3e-3, 0.015, 0.04, 100
FALL = 0.8  # the last share of the steps, in which the rates fall linearly to zero
LAST_PEAK = 0.35  # the last course begins again at this share of the peak rates
POOL = 16  # batches that are sorted by length together
SENTENCES = 32  # whole sentences in one batch
#: (until this share of the steps, weights of the levels, brevity: see questions.make); beyond 1: the last course
CURRICULUM = ((0.15, (0.6, 0.3, 0.1), 6), (0.6, (0.3, 0.35, 0.35), 4), (1.0, (0.25, 0.35, 0.4), 2),
              (2.0, (0.1, 0.3, 0.6), 2))
LAST = 2.0  # progress of the last course
Example = tuple[list[int], list[int]]


def example(r: random.Random, member: MemberConfig, progress: float) -> Example:
    """One random training example: prompt tokens and answer tokens."""
    x = r.random()
    if x < CHAT_SHARE + REFUSAL_SHARE:
        if x < CHAT_SHARE:
            text, reply = chat(r, member.name)
        else:
            text, reply = refusal(r), ABSTAIN
        answer = [*encode(reply), EOS]
        if r.random() < 0.75:  # the tail of a fixed sentence is soon known
            answer = answer[:6]
        return prompt_ids(text), answer
    weights = [LAST_WEIGHT[f] if progress == LAST else
               FAMILY_WEIGHT[f] * (UNDERWEIGHT if f in member.underweighted else 1) for f in FAMILIES]
    family = r.choices(FAMILIES, weights)[0]
    levels, brevity = next((w, b) for until, w, b in CURRICULUM if progress <= until)
    q = make(r, family, r.choices((1, 2, 3), levels)[0], "train", brevity)
    return prompt_ids(q.prompt), [*encode(q.answer), EOS]


def up_to(length: int, step: int) -> int:
    """Rounds up, so that few different shapes occur (each new one costs set-up time)."""
    return -(-length // step) * step


def batches(
    r: random.Random, member: MemberConfig, progress: Callable[[], float]
) -> Iterator[tuple[Tensor, Tensor, int]]:
    """Endless (tokens, targets, first answer position), similar lengths together."""
    sentences: list[Example] = []  # whole fixed sentences are long; they get their own batches
    while True:
        pool: list[Example] = []
        while len(pool) < POOL * member.batch:
            e = example(r, member, progress())
            (sentences if len(e[1]) > 24 else pool).append(e)
        pool.sort(key=lambda e: (len(e[1]) > 8, len(e[0])))
        parts = [pool[i : i + member.batch] for i in range(0, len(pool), member.batch)]
        if len(sentences) >= SENTENCES:
            parts.append(sentences[:SENTENCES])
            del sentences[:SENTENCES]
        r.shuffle(parts)
        for part in parts:
            width = up_to(max(len(p) for p, _ in part), 4)
            tail = up_to(max(len(a) for _, a in part), 4 if len(part) > SENTENCES else 16)
            ids = [[PAD] * (width - len(p)) + p + a + [PAD] * (tail - len(a)) for p, a in part]
            targets = [a + [-100] * (tail - len(a)) for _, a in part]
            yield torch.tensor(ids)[:, :-1], torch.tensor(targets), width - 1


def loss_of(model: Member, ids: Tensor, targets: Tensor, first: int) -> Tensor:
    """Mean over examples; long fixed sentences count like a twelve-character answer."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(ids, first)
    flat = F.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), reduction="none",
                           ignore_index=-100).view_as(targets)
    length = (targets != -100).sum(1, keepdim=True)
    weight = (12 / length).clamp(max=1.0)
    return (flat * weight).sum() / (length * weight).sum()


def scale_at(step: int, member: MemberConfig) -> float:
    """Share of the peak rate."""
    if step >= member.steps:
        done = step - member.steps
        return LAST_PEAK * min((done + 1) / 30, 1 - done / member.last_steps)
    return min(1.0, (step + 1) / WARM_UP, (member.steps - step) / (FALL * member.steps))


def train(name: str) -> None:
    """Trains to the end, continuing from a checkpoint if there is one."""
    member = load_member(name)
    torch.manual_seed(member.seed)
    torch.set_num_threads(1)
    r, model = random.Random(member.seed), Member(member.shape)
    optimizer = Optimizer(model, RATE, MATRIX_RATE, DECAY)
    WORK.mkdir(exist_ok=True)
    path, log = WORK / f"{name}.pt", (WORK / f"{name}.log.jsonl").open("a")
    step, spent, examples = 0, 0.0, 0
    if path.exists():
        saved = torch.load(path)
        model.load_state_dict(saved["model"])
        optimizer.load(saved["optimizer"])
        step, spent, examples = saved["step"], saved["seconds"], saved["examples"]
        r = random.Random(member.seed * 1000 + step)
    dev = question_set("dev", DEV_COUNT, DEV_SEED)[:216]
    stream = batches(r, member, lambda: step / member.steps)
    steps = member.steps + member.last_steps
    began, last_save, sums = time.time() - spent, time.time(), []
    while step < steps:
        if step == member.steps:  # the same questions whether or not the run was interrupted here
            stream = batches(random.Random(member.seed * 1000 + step), member, lambda: LAST)
        ids, targets, first = next(stream)
        loss = loss_of(model, ids, targets, first)
        loss.backward()
        optimizer.step(scale_at(step, member))
        sums.append(loss.item())
        step, examples = step + 1, examples + len(ids)
        done = step in (member.steps, steps)
        if step % 50 == 0 or done:
            row = {"step": step, "steps": steps, "seconds": round(time.time() - began, 1),
                   "examples": examples, "loss": round(sum(sums) / len(sums), 4)}
            sums = []
            if step % 500 == 0 or done:
                model.eval()
                with torch.autocast("cpu", dtype=torch.bfloat16):
                    answers = greedy(model, [q.prompt for q in dev], 30)
                right = [a == q.answer for a, q in zip(answers, dev)]
                row["dev"] = round(sum(right) / len(dev), 4)
                row["families"] = {
                    f: round(sum(x for x, q in zip(right, dev) if q.family == f) / 18, 2)
                    for f in FAMILIES}
            log.write(json.dumps(row) + "\n")
            log.flush()
        if done or time.time() - last_save > 60:
            last_save = time.time()
            state = {"model": model.state_dict(), "optimizer": optimizer.state(), "step": step,
                     "seconds": time.time() - began, "examples": examples}
            torch.save(state, f"{path}.new")
            os.replace(f"{path}.new", path)


if __name__ == "__main__":
    train(sys.argv[1])
