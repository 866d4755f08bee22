"""A translator as a PyTorch module that is made of its safetensors file alone: how a reader of it would write one.

    torch_translator.py FILE.safetensors PAIRS.json LOGITS.bin

PAIRS.json: {"source": [[...]], "lengths": [...], "target": [[...]]}, padded. LOGITS.bin: 32-bit floats.
"""
import json
import math
import struct
import sys

import torch
from torch import nn
from torch.nn import functional as F


class Attention(nn.Module):
    def __init__(self, width, source, inner):
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(n, inner) for n in (width, source, source))
        self.out = nn.Linear(inner, width)

    def forward(self, x, source, heads, mask):
        """mask [n, 1, queries, keys] or what repeats to it: True where a query may see a key."""
        apart = lambda y: y.unflatten(-1, (heads, -1)).transpose(1, 2)
        q, k, v = apart(self.query(x)), apart(self.key(source)), apart(self.value(source))
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        weights = scores.masked_fill(~mask, -math.inf).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).flatten(2))


class Filter(nn.Module):
    def __init__(self, heads, window):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(heads, window))

    def forward(self, x, left, adds):
        """x [n, t, c]; channels of a head have one filter."""
        window = self.weight.shape[1]
        weight = self.weight.repeat_interleave(x.shape[2] // len(self.weight), 0)  # [c, window]
        taps = F.pad(x, (0, 0, left, window - 1 - left)).unfold(1, window, 1)  # [n, t, c, window]
        return -(taps - weight).abs().sum(-1) if adds else (taps * weight).sum(-1)


class Lightweight(nn.Module):
    def __init__(self, kind, width, heads, window, gated, standardised):
        super().__init__()
        self.kind, self.gated, self.standardised = kind, gated, standardised
        self.add_module("in", nn.Linear(width, 2 * width if gated else width))
        self.shift = nn.Linear(width, width) if kind == "S" else None
        self.filter = Filter(heads, window)
        self.out = nn.Linear(width, width)

    def forward(self, x, ones, causal):
        x = getattr(self, "in")(x)
        x = F.glu(x) if self.gated else x
        x = x if self.shift is None else self.shift(x)
        window = self.filter.weight.shape[1]
        x = self.filter(x * ones, window - 1 if causal else window // 2, self.kind != "C")
        if self.standardised and self.kind != "C":
            x = F.layer_norm(x, x.shape[-1:])
        return self.out(x)


class Norm(nn.Module):
    """What a place holds besides its layers: `mixing.norm`."""

    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)


class FeedForward(Norm):
    def __init__(self, width, inner):
        super().__init__(width)
        self.add_module("in", nn.Linear(width, inner))
        self.out = nn.Linear(inner, width)

    def forward(self, x):
        return self.out(F.relu(getattr(self, "in")(x)))


class Cross(Attention):
    def __init__(self, width, source, inner):
        super().__init__(width, source, inner)
        self.norm = nn.LayerNorm(width)


class Layer(nn.Module):
    def __init__(self, net, side, layer, window, norm):
        super().__init__()
        self.layer, self.first = layer, norm == "pre"
        block, width = layer["block"], net[side]
        part = width // 2 if len(block) == 2 else width
        self.attention = Attention(part, part, net["attention"]) if block[0] == "A" else None
        self.lightweight = None
        if block[-1] != "A":
            self.lightweight = Lightweight(
                block[-1], part, layer["heads"], window, net["gated"], net["standardised"]
            )
        self.mixing = Norm(width)
        self.cross = Cross(width, net["encoder"], net["attention"]) if side == "decoder" else None
        self.feed = FeedForward(width, layer["feedForward"])

    def within(self, norm, x, work):
        return x + work(norm(x)) if self.first else norm(x + work(x))

    def mix(self, x, mask, ones, causal):
        attend = lambda y: self.attention(y, y, self.layer["heads"], mask)
        filtered = lambda y: self.lightweight(y, ones, causal)
        if self.lightweight is None:
            return attend(x)
        if self.attention is None:
            return filtered(x)
        first, second = x.chunk(2, -1)
        return torch.cat([attend(first), filtered(second)], -1)

    def forward(self, x, mask, ones, memory=None, seen=None):
        x = self.within(self.mixing.norm, x, lambda y: self.mix(y, mask, ones, memory is not None))
        if memory is not None:
            heads = self.layer["crossHeads"]
            x = self.within(self.cross.norm, x, lambda y: self.cross(y, memory, heads, seen))
        return self.within(self.feed.norm, x, self.feed)


class Side(nn.Module):
    def __init__(self, net, side, norm):
        super().__init__()
        windows, layers = net["windows"], net[side + "Layers"]
        window = lambda i: windows[min(i, len(windows) - 1)]
        self.layers = nn.ModuleList(Layer(net, side, layer, window(i), norm) for i, layer in enumerate(layers))
        self.norm = nn.LayerNorm(net[side]) if norm == "pre" else nn.Identity()


def positions(t, width):
    half = width // 2
    steps = torch.exp(torch.arange(half) * (-math.log(10000) / max(1, half - 1)))
    angles = torch.arange(t)[:, None] * steps
    return torch.cat([angles.sin(), angles.cos()], 1)


class Translator(nn.Module):
    def __init__(self, net, norm, vocabulary):
        super().__init__()
        self.net = net
        self.embedding = nn.Embedding(vocabulary, max(net["encoder"], net["decoder"]))
        self.encoder, self.decoder = Side(net, "encoder", norm), Side(net, "decoder", norm)

    def embed(self, ids, width):
        table = self.embedding.weight[:, :width]
        return table[ids] * math.sqrt(width) + positions(ids.shape[1], width)

    def forward(self, source, lengths, target):
        counts = torch.arange(source.shape[1]) < lengths[:, None]  # [n, s]
        ones, mask = counts[..., None].float(), counts[:, None, None]
        x, outputs = self.embed(source, self.net["encoder"]), []
        for layer in self.encoder.layers:
            x = layer(x, mask, ones)
            outputs.append(self.encoder.norm(x))
        t = target.shape[1]
        past = torch.ones(t, t).tril().bool()
        y = self.embed(target, self.net["decoder"])
        for layer in self.decoder.layers:
            sources = layer.layer["sources"]
            memory = torch.cat(outputs[-sources:], 1)
            y = layer(y, past, 1, memory, mask.repeat(1, 1, 1, sources))
        return self.decoder.norm(y) @ self.embedding.weight[:, : self.net["decoder"]].T


def read_safetensors(path):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    start = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:start])
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(data[start + begin : start + end], dtype=torch.float32)
        tensors[name] = flat.reshape(entry["shape"])
    return metadata, tensors


def main(weights, pairs, logits):
    torch.set_num_threads(1)
    metadata, tensors = read_safetensors(weights)
    vocabulary = len(tensors["embedding.weight"])
    module = Translator(json.loads(metadata["network"]), metadata["norm"], vocabulary)
    module.load_state_dict(tensors)
    module.eval()
    with open(pairs) as file:
        batch = {name: torch.tensor(rows) for name, rows in json.load(file).items()}
    with torch.no_grad():
        found = module(**batch)
    with open(logits, "wb") as file:
        file.write(found.contiguous().numpy().tobytes())


main(*sys.argv[1:])
