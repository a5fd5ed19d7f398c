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

    def forward(self, x: Tensor, rope: Tensor, mask: Tensor, first: int) -> Tensor:
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
        q = rotate(q.view(b, n, s.heads, s.head_size), rope[first:]).transpose(1, 2)
        k = rotate(k.view(b, t, s.heads, s.head_size), rope).transpose(1, 2)
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
        rope = rope_table(t, self.shape.head_size)
        causal = torch.full((t, t), -1e4).triu(1)
        mask = causal[None, None] + (ids == PAD)[:, None, None, :] * -1e4
        x = F.embedding(ids, self.embedding)
        for i, block in enumerate(self.blocks):
            x = block(x, rope, mask, first if i == self.shape.layers - 1 else 0)
        return F.linear(norm(x, self.output_norm), self.embedding)

    def parameter_count(self) -> int:
        """Number of trained numbers."""
        return sum(p.numel() for p in self.parameters())


class _Norm(torch.autograd.Function):
    """RMSNorm with a hand-written gradient, which takes fewer passes over memory."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor) -> Tensor:
        inverse = (x.square().mean(-1, keepdim=True) + NORM_EPSILON).rsqrt()
        n = x * inverse
        ctx.save_for_backward(n, inverse, weight)
        out = n * weight
        return out.bfloat16() if torch.is_autocast_cpu_enabled() else out

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor]:
        n, inverse, weight = ctx.saved_tensors
        grad = grad.float()
        product = (grad * n).flatten(0, -2)
        mean = torch.mv(product, weight).view_as(inverse) / n.shape[-1]
        return torch.addcmul(grad * weight, n, mean, value=-1).mul_(inverse), product.sum(0)


def norm(x: Tensor, weight: Tensor) -> Tensor:
    """RMSNorm."""
    return _Norm.apply(x, weight)


_TABLES: dict[tuple[int, int], Tensor] = {}


def rope_table(length: int, size: int) -> Tensor:
    """Complex rotations [length, 1, size/2] for the rotary embedding."""
    if (length, size) not in _TABLES:
        rate = ROPE_BASE ** (-torch.arange(0, size, 2).float() / size)
        angle = torch.arange(length).float()[:, None, None] * rate
        _TABLES[length, size] = torch.polar(torch.ones_like(angle), angle)
    return _TABLES[length, size]


def rotate(x: Tensor, table: Tensor) -> Tensor:
    """Rotates neighbouring channel pairs (llama.cpp's 'norm' RoPE)."""
    pairs = torch.view_as_complex(x.float().unflatten(-1, (-1, 2)))
    return torch.view_as_real(pairs * table).flatten(-2).to(x.dtype)


@torch.no_grad()
def greedy(
    model: Member, prompts: list[str], limit: int = 100, batch: int = 256, temperature: float = 0
) -> list[str]:
    """Answers to a list of questions, the likeliest or (temperature > 0) sampled ones."""
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    answers = [""] * len(prompts)
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        ids = [prompt_ids(prompts[i])[-CONTEXT + limit :] for i in part]
        width = max(map(len, ids))
        x = torch.tensor([[PAD] * (width - len(p)) + p for p in ids])
        live, out = list(range(len(part))), [[] for _ in part]
        for _ in range(limit):
            logits = model(x, x.shape[1] - 1)[:, -1]
            nxt = logits.argmax(-1)
            if temperature > 0:
                nxt = torch.multinomial((logits / temperature).softmax(-1), 1)[:, 0]
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
