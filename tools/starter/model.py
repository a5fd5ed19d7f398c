"""The llama-architecture transformer that the starter council members share.

Everything that llama.cpp computes is computed here in the same way: RMSNorm,
interleaved RoPE, SwiGLU and a tied output. Query, key and value (and gate and
up) are kept as one matrix each for speed and are split apart at export.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PAD, BOS, EOS, SEP = 0, 1, 2, 3
SPECIALS = ("<pad>", "<bos>", "<eos>", "<sep>")
CHARACTERS = "\n" + "".join(chr(c) for c in range(32, 127))
VOCABULARY_SIZE = len(SPECIALS) + len(CHARACTERS)
CONTEXT = 256
NORM_EPSILON = 1e-5
ROPE_BASE = 10000.0
_IDS = {c: i + len(SPECIALS) for i, c in enumerate(CHARACTERS)}


def encode(text: str) -> list[int]:
    """Token ids of a text, one per character; other characters are dropped, as llama.cpp does."""
    return [_IDS[c] for c in text if c in _IDS]


def decode(ids: list[int]) -> str:
    """Text of token ids; specials are left out."""
    return "".join(CHARACTERS[i - len(SPECIALS)] for i in ids if i >= len(SPECIALS))


def prompt_ids(content: str) -> list[int]:
    """Prompt tokens exactly as the chat template in the GGUF file makes them."""
    return [BOS, *encode(content.strip().lower()), SEP]


@dataclass(frozen=True)
class Shape:
    """Sizes of one member."""

    layers: int
    embedding: int
    heads: int
    feed_forward: int

    @property
    def head_size(self) -> int:
        """Channels per attention head."""
        return self.embedding // self.heads


class Block(nn.Module):
    """One pre-norm transformer layer."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.shape = s
        self.attn_norm = nn.Parameter(torch.ones(s.embedding))
        self.ffn_norm = nn.Parameter(torch.ones(s.embedding))
        scale = s.embedding**-0.5
        out = scale / (2 * s.layers) ** 0.5
        self.qkv = nn.Parameter(torch.randn(3 * s.embedding, s.embedding) * scale)
        self.out = nn.Parameter(torch.randn(s.embedding, s.embedding) * out)
        self.gate_up = nn.Parameter(torch.randn(2 * s.feed_forward, s.embedding) * scale)
        self.down = nn.Parameter(
            torch.randn(s.embedding, s.feed_forward) * out * (s.embedding / s.feed_forward) ** 0.5
        )

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor, first: int) -> Tensor:
        """Outputs for positions from `first` on; earlier ones serve as keys and values only."""
        s, (b, t, d) = self.shape, x.shape
        h = norm(x, self.attn_norm)
        if first:
            kv = F.linear(h, self.qkv[d:])
            q = F.linear(h[:, first:], self.qkv[:d])
            k, v = kv.split(d, dim=2)
        else:
            q, k, v = F.linear(h, self.qkv).split(d, dim=2)
        n = t - first
        q = rotate(q.view(b, n, s.heads, s.head_size), cos[first:], sin[first:]).transpose(1, 2)
        k = rotate(k.view(b, t, s.heads, s.head_size), cos, sin).transpose(1, 2)
        v = v.view(b, t, s.heads, s.head_size).transpose(1, 2)
        a = torch.matmul(q, k.transpose(2, 3)) * s.head_size**-0.5 + mask[:, :, first:]
        a = torch.matmul(a.softmax(-1), v).transpose(1, 2).reshape(b, n, d)
        x = x[:, first:] + F.linear(a, self.out)
        gate, up = F.linear(norm(x, self.ffn_norm), self.gate_up).split(s.feed_forward, dim=2)
        return x + F.linear(F.silu(gate) * up, self.down)


class Member(nn.Module):
    """A whole council member."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.shape = s
        self.embedding = nn.Parameter(torch.randn(VOCABULARY_SIZE, s.embedding) * 0.06)
        self.blocks = nn.ModuleList(Block(s) for _ in range(s.layers))
        self.output_norm = nn.Parameter(torch.ones(s.embedding))

    def forward(self, ids: Tensor, first: int = 0) -> Tensor:
        """Next-token logits for positions from `first` on. Padding is on the left."""
        t = ids.shape[1]
        cos, sin = rope_tables(t, self.shape.head_size)
        causal = torch.full((t, t), -1e4).triu(1)
        mask = causal[None, None] + (ids == PAD)[:, None, None, :] * -1e4
        x = F.embedding(ids, self.embedding) 
        for i, block in enumerate(self.blocks):
            x = block(x, cos, sin, mask, first if i == self.shape.layers - 1 else 0)
        return F.linear(norm(x, self.output_norm), self.embedding)

    def parameter_count(self) -> int:
        """Number of trained numbers."""
        return sum(p.numel() for p in self.parameters())


def norm(x: Tensor, weight: Tensor) -> Tensor:
    """RMSNorm."""
    return x * (x.square().mean(-1, keepdim=True) + NORM_EPSILON).rsqrt() * weight


_TABLES: dict[tuple[int, int], tuple[Tensor, Tensor]] = {}


def rope_tables(length: int, size: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines [length, 1, size/2] for the rotary embedding."""
    if (length, size) not in _TABLES:
        rate = ROPE_BASE ** (-torch.arange(0, size, 2).float() / size)
        angle = torch.arange(length).float()[:, None] * rate[None, :]
        _TABLES[length, size] = angle.cos()[:, None, :], angle.sin()[:, None, :]
    return _TABLES[length, size]


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotates neighbouring channel pairs (llama.cpp's 'norm' RoPE)."""
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * cos - b * sin, a * sin + b * cos), dim=-1).flatten(-2)


@torch.no_grad()
def greedy(model: Member, prompts: list[str], limit: int = 100, batch: int = 256) -> list[str]:
    """Greedy answers for a list of questions."""
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    answers = [""] * len(prompts)
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        ids = [prompt_ids(prompts[i])[-CONTEXT + limit :] for i in part]
        width = max(map(len, ids))
        x = torch.tensor([[PAD] * (width - len(p)) + p for p in ids])
        live, out = list(range(len(part))), [[] for _ in part]
        for _ in range(limit):
            nxt = model(x, x.shape[1] - 1)[:, -1].argmax(-1)
            keep = []
            for row, token in enumerate(nxt.tolist()):
                if token != EOS:
                    out[live[row]].append(token)
                    keep.append(row)
            if not keep:
                break
            x = torch.cat((x, nxt[:, None]), 1)[keep]
            live = [live[r] for r in keep]
        for i, o in zip(part, out):
            answers[i] = decode(o)
    return answers
