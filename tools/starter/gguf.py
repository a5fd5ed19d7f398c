"""Writes a trained member as a GGUF file (version 3) that llama.cpp reads.

    python3 gguf.py alder [Q8_0|F16]
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from config import PUBLIC, WORK, MemberConfig, load_member
from model import (BOS, CHARACTERS, CONTEXT, EOS, NORM_EPSILON, PAD, ROPE_BASE, SEP, SPECIALS,
                   VOCABULARY_SIZE, Member)

ALIGNMENT = 32
QUANTIZATION = "Q8_0"
#: ggml type number and llama.cpp's general.file_type of each format
TYPES = {"F32": (0, 0), "F16": (1, 1), "Q8_0": (8, 7)}
NORMAL_TOKEN, CONTROL_TOKEN = 1, 3
CHAT_TEMPLATE = (
    "{%- set ns = namespace(q='') -%}"
    "{%- for m in messages -%}{%- if m['role'] == 'user' -%}{%- set ns.q = m['content'] -%}"
    "{%- endif -%}{%- endfor -%}"
    "{{- '<bos>' + (ns.q | trim | lower) + '<sep>' -}}"
)
U32, F32, BOOL, STRING, ARRAY, I32 = 4, 6, 7, 8, 9, 5


def byte_token(c: str) -> str:
    """GPT-2's printable stand-in for a character (space and newline move up by 256)."""
    return c if 33 <= ord(c) <= 126 else chr(ord(c) + 256)


def _string(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _value(kind: int, value: object) -> bytes:
    if kind == STRING:
        return _string(str(value))
    return struct.pack({U32: "<I", F32: "<f", BOOL: "<?", I32: "<i"}[kind], value)


def _field(key: str, kind: int, value: object, item: int | None = None) -> bytes:
    head = _string(key) + struct.pack("<I", kind)
    if kind != ARRAY:
        return head + _value(kind, value)
    assert isinstance(value, list) and item is not None
    return head + struct.pack("<IQ", item, len(value)) + b"".join(_value(item, v) for v in value)


def metadata(m: MemberConfig, quantization: str) -> list[bytes]:
    """All key-value fields."""
    s = m.shape
    tokens = [*SPECIALS, *map(byte_token, CHARACTERS)]
    kinds = [CONTROL_TOKEN] * len(SPECIALS) + [NORMAL_TOKEN] * len(CHARACTERS)
    return [
        _field("general.architecture", STRING, "llama"),
        _field("general.type", STRING, "model"),
        _field("general.name", STRING, f"Witan {m.name}"),
        _field("general.basename", STRING, m.name),
        _field("general.organization", STRING, "Witan"),
        _field("general.description", STRING, "Tiny starter council member: small exact tasks only."),
        _field("general.license", STRING, "apache-2.0"),
        _field("general.languages", ARRAY, ["en"], STRING),
        _field("general.file_type", U32, TYPES[quantization][1]),
        _field("general.quantization_version", U32, 2),
        _field("general.alignment", U32, ALIGNMENT),
        _field("llama.context_length", U32, CONTEXT),
        _field("llama.embedding_length", U32, s.embedding),
        _field("llama.block_count", U32, s.layers),
        _field("llama.feed_forward_length", U32, s.feed_forward),
        _field("llama.attention.head_count", U32, s.heads),
        _field("llama.attention.head_count_kv", U32, s.heads),
        _field("llama.attention.layer_norm_rms_epsilon", F32, NORM_EPSILON),
        _field("llama.rope.dimension_count", U32, s.head_size),
        _field("llama.rope.freq_base", F32, ROPE_BASE),
        _field("llama.vocab_size", U32, VOCABULARY_SIZE),
        _field("tokenizer.ggml.model", STRING, "gpt2"),
        _field("tokenizer.ggml.pre", STRING, "default"),
        _field("tokenizer.ggml.tokens", ARRAY, tokens, STRING),
        _field("tokenizer.ggml.token_type", ARRAY, kinds, I32),
        _field("tokenizer.ggml.merges", ARRAY, [], STRING),
        _field("tokenizer.ggml.bos_token_id", U32, BOS),
        _field("tokenizer.ggml.eos_token_id", U32, EOS),
        _field("tokenizer.ggml.padding_token_id", U32, PAD),
        _field("tokenizer.ggml.seperator_token_id", U32, SEP),
        _field("tokenizer.ggml.add_bos_token", BOOL, False),
        _field("tokenizer.ggml.add_eos_token", BOOL, False),
        _field("tokenizer.chat_template", STRING, CHAT_TEMPLATE),
    ]


def named_tensors(model: Member) -> dict[str, Tensor]:
    """Tensors under llama.cpp's names, joint matrices split apart."""
    out = {"token_embd.weight": model.embedding, "output_norm.weight": model.output_norm}
    for i, b in enumerate(model.blocks):
        q, k, v = b.qkv.chunk(3)
        gate, up = b.gate_up.chunk(2)
        parts = {"attn_norm": b.attn_norm, "attn_q": q, "attn_k": k, "attn_v": v,
                 "attn_output": b.out, "ffn_norm": b.ffn_norm, "ffn_gate": gate, "ffn_up": up,
                 "ffn_down": b.down}
        out |= {f"blk.{i}.{name}.weight": tensor for name, tensor in parts.items()}
    return {name: tensor.detach().float() for name, tensor in out.items()}


def q8_blocks(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scales (F16) and int8 values of blocks of 32."""
    blocks = x.reshape(-1, 32)
    scale = np.abs(blocks).max(1, keepdims=True) / 127
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
    return scale.astype(np.float16), np.round(blocks * inverse).astype(np.int8)


def encoded(tensor: Tensor, quantization: str) -> tuple[int, bytes]:
    """ggml type and bytes of one tensor; norms stay F32."""
    x = tensor.numpy().astype(np.float32)
    if x.ndim == 1:
        return TYPES["F32"][0], x.tobytes()
    if quantization == "F16":
        return TYPES["F16"][0], x.astype(np.float16).tobytes()
    scales, values = q8_blocks(x)
    return TYPES["Q8_0"][0], np.hstack((scales.view(np.int8), values)).tobytes()


def rounded(model: Member, quantization: str) -> Member:
    """The model with its matrices rounded as stored (for evaluation)."""
    with torch.no_grad():
        for p in model.parameters():
            if p.ndim == 2 and quantization == "Q8_0":
                scales, values = q8_blocks(p.numpy())
                p.copy_(torch.from_numpy(scales.astype(np.float32) * values).view_as(p))
            elif p.ndim == 2:
                p.copy_(p.half().float())
    return model


def write(path: Path, model: Member, m: MemberConfig, quantization: str) -> None:
    """Writes the whole file."""
    fields, tensors = metadata(m, quantization), named_tensors(model)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(fields)) + b"".join(fields)
    infos, data = b"", b""
    for name, tensor in tensors.items():
        kind, raw = encoded(tensor, quantization)
        infos += _string(name) + struct.pack("<I", tensor.ndim)
        infos += struct.pack(f"<{tensor.ndim}Q", *reversed(tensor.shape))
        infos += struct.pack("<IQ", kind, len(data))
        data += raw + bytes(-len(raw) % ALIGNMENT)
    head += infos
    path.write_bytes(head + bytes(-len(head) % ALIGNMENT) + data)


def load_checkpoint(name: str) -> tuple[Member, dict]:
    """A member from its newest checkpoint, and the checkpoint itself."""
    saved = torch.load(WORK / f"{name}.pt")
    model = Member(load_member(name).shape)
    model.load_state_dict(saved["model"])
    return model.eval(), saved


if __name__ == "__main__":
    member_id = sys.argv[1]
    PUBLIC.mkdir(parents=True, exist_ok=True)
    write(PUBLIC / f"{member_id}.gguf", load_checkpoint(member_id)[0], load_member(member_id),
          sys.argv[2] if len(sys.argv) > 2 else QUANTIZATION)
