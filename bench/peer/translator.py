"""The translation networks of src/bench/translator.ts in PyTorch, as one writes them there for speed: queries, keys and
values of one product, caches of keys and values while decoding, one copy of the source's for all beams of a sentence.

Layers are prenorm. A block is A (attention), C or D (lightweight convolution, add) or both in halves (AC, AD).
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


def heads_apart(x, heads):
    """[n, t, c] -> [n, heads, t, c / heads]"""
    n, t, c = x.shape
    return x.view(n, t, heads, c // heads).transpose(1, 2)


def heads_together(x):
    n, heads, t, width = x.shape
    return x.transpose(1, 2).reshape(n, t, heads * width)


def attend(q, k, v, mask, drop):
    """q, k, v: [n, heads, t, width]; mask: [queries, keys] added to the scores, or None."""
    n, heads, queries, width = q.shape
    q, k, v = (x.reshape(n * heads, -1, width) for x in (q * width**-0.5, k, v))
    scores = torch.bmm(q, k.transpose(1, 2)) if mask is None else torch.baddbmm(mask, q, k.transpose(1, 2))
    weights = F.dropout(torch.softmax(scores, -1), drop, drop > 0)
    return torch.bmm(weights, v).view(n, heads, queries, width)


class SelfAttention(nn.Module):
    def __init__(self, width, attention, heads):
        super().__init__()
        self.heads = heads
        self.inputs = nn.Linear(width, 3 * attention)
        self.out = nn.Linear(attention, width)

    def forward(self, x, mask, drop):
        q, k, v = (heads_apart(part, self.heads) for part in self.inputs(x).chunk(3, -1))
        return self.out(heads_together(attend(q, k, v, mask, drop)))

    def step(self, x, cache):
        q, k, v = (heads_apart(part, self.heads) for part in self.inputs(x).chunk(3, -1))
        if cache:
            k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
        cache[:] = [k, v]
        return self.out(heads_together(attend(q, k, v, None, 0)))


class Lightweight(nn.Module):
    """in -> filter over time, one for each head -> out. Weights of a convolution are a softmax; an adder's are as they are."""

    def __init__(self, kind, width, heads, window, causal):
        super().__init__()
        self.kind, self.heads, self.window = kind, heads, window
        self.padding = (window - 1, 0) if causal else (window // 2, window // 2)
        self.input, self.out = nn.Linear(width, width), nn.Linear(width, width)
        self.filter = nn.Parameter(torch.randn(heads, window) * 0.1)

    def filtered(self, x, padding):
        """x: [n, t, c], padded by what `padding` says."""
        n, t, c = x.shape
        x = F.pad(x.transpose(1, 2).reshape(n * c // self.heads, self.heads, t), padding)
        if self.kind == "C":
            y = F.conv1d(x, torch.softmax(self.filter, -1).unsqueeze(1), groups=self.heads)
        else:
            y = -(x.unfold(2, self.window, 1) - self.filter.unsqueeze(1)).abs().sum(-1)
        return y.reshape(n, c, -1).transpose(1, 2)

    def forward(self, x, mask, drop):
        return self.out(self.filtered(self.input(x), self.padding))

    def step(self, x, cache):
        x = self.input(x)
        x = torch.cat([cache[0] if cache else x.new_zeros(x.shape[0], self.window - 1, x.shape[2]), x], 1)
        cache[:] = [x[:, 1:]]
        return self.out(self.filtered(x, (0, 0)))


class Mixing(nn.Module):
    """A block of one branch, or of two with half of the channels each."""

    def __init__(self, block, width, attention, heads, window, causal):
        super().__init__()
        part = width // len(block)
        self.branches = nn.ModuleList(
            SelfAttention(part, attention, heads) if kind == "A" else Lightweight(kind, part, heads, window, causal)
            for kind in block
        )

    def parts(self, x):
        return x.chunk(len(self.branches), -1)

    def forward(self, x, mask, drop):
        return torch.cat([b(part, mask, drop) for b, part in zip(self.branches, self.parts(x))], -1)

    def step(self, x, caches):
        return torch.cat([b.step(p, c) for b, p, c in zip(self.branches, self.parts(x), caches)], -1)


class CrossAttention(nn.Module):
    def __init__(self, width, source, attention, heads):
        super().__init__()
        self.heads = heads
        self.query, self.memory = nn.Linear(width, attention), nn.Linear(source, 2 * attention)
        self.out = nn.Linear(attention, width)

    def known(self, source):
        return [heads_apart(part, self.heads).contiguous() for part in self.memory(source).chunk(2, -1)]

    def forward(self, x, k, v, drop):
        return self.out(heads_together(attend(heads_apart(self.query(x), self.heads), k, v, None, drop)))


class FeedForward(nn.Sequential):
    def __init__(self, width, inner):
        super().__init__(nn.Linear(width, inner), nn.ReLU(), nn.Linear(inner, width))


class Layer(nn.Module):
    def __init__(self, job, block, window, causal):
        super().__init__()
        width, attention, heads = job["width"], job["attention"], job["heads"]
        self.mixing = Mixing(block, width, attention, heads, window, causal)
        self.cross = CrossAttention(width, width, attention, heads) if causal else None
        self.feed = FeedForward(width, job["feedForward"])
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3 if causal else 2))


class Translator(nn.Module):
    def __init__(self, job):
        super().__init__()
        self.width = job["width"]
        self.embedding = nn.Parameter(torch.randn(job["vocabulary"], self.width) * self.width**-0.5)
        windows = job["windows"]
        self.encoder = nn.ModuleList(Layer(job, b, w, False) for b, w in zip(job["encoder"], windows))
        self.decoder = nn.ModuleList(Layer(job, b, w, True) for b, w in zip(job["decoder"], windows))
        self.norms = nn.ModuleList(nn.LayerNorm(self.width) for _ in range(2))
        places = torch.arange(64).unsqueeze(1) * torch.exp(torch.arange(self.width // 2) * (-2 * math.log(1e4) / self.width))
        self.register_buffer("positions", torch.cat([places.sin(), places.cos()], 1))

    def embed(self, ids, first, drop):
        x = F.embedding(ids, self.embedding) * self.width**0.5 + self.positions[first : first + ids.shape[1]]
        return F.dropout(x, drop, drop > 0)

    def encode(self, source, drop=0, attention_drop=0):
        x = self.embed(source, 0, drop)
        for layer in self.encoder:
            x = x + F.dropout(layer.mixing(layer.norms[0](x), None, attention_drop), drop, drop > 0)
            x = x + F.dropout(layer.feed(layer.norms[1](x)), drop, drop > 0)
        return self.norms[0](x)

    def forward(self, source, target, drop, attention_drop):
        """Logits [n * t, vocabulary]."""
        encoded = self.encode(source, drop, attention_drop)
        t = target.shape[1]
        mask = torch.full((t, t), float("-inf")).triu(1)
        y = self.embed(target, 0, drop)
        for layer in self.decoder:
            y = y + F.dropout(layer.mixing(layer.norms[0](y), mask, attention_drop), drop, drop > 0)
            k, v = layer.cross.known(encoded)
            y = y + F.dropout(layer.cross(layer.norms[1](y), k, v, attention_drop), drop, drop > 0)
            y = y + F.dropout(layer.feed(layer.norms[2](y)), drop, drop > 0)
        return F.linear(self.norms[1](y).flatten(0, 1), self.embedding)

    def step(self, ids, position, memories, caches, sentences):
        """Logits [rows, vocabulary] of one position."""
        y = self.embed(ids.unsqueeze(1), position, 0)
        rows = y.shape[0]
        for layer, memory, cache in zip(self.decoder, memories, caches):
            y = y + layer.mixing.step(layer.norms[0](y), cache)
            met = layer.cross(layer.norms[1](y).view(sentences, -1, self.width), *memory, 0)
            y = y + met.view(rows, 1, self.width)
            y = y + layer.feed(layer.norms[2](y))
        return F.linear(self.norms[1](y).squeeze(1), self.embedding)


def words(job, length):
    return torch.randint(4, job["vocabulary"], (job["n"], length))


def training(job):
    """A step: forward, smoothed cross-entropy, backward, AdamW."""
    net = Translator(job)
    optimiser = torch.optim.AdamW(net.parameters(), 1e-3, weight_decay=0.0)
    source, target, labels = words(job, job["source"]), words(job, job["target"]), words(job, job["target"]).flatten()

    def step():
        optimiser.zero_grad(set_to_none=True)
        logits = net(source, target, job["dropout"], job["attentionDropout"])
        F.cross_entropy(logits, labels, label_smoothing=0.1).backward()
        optimiser.step()

    return step


def decoding(job):
    """Beam search of `target` subwords for every sentence; none ends before."""
    net = Translator(job).eval()
    n, beam = job["n"], job["beam"]
    source, begin = words(job, job["source"]), 0
    first = torch.arange(n).unsqueeze(1) * beam

    def best(logits, sums, count):
        """Of every sentence the `count` best continuations: sums, rows within the sentence, subwords."""
        values, ids = logits.topk(count, -1)
        sums = (values - logits.logsumexp(-1, keepdim=True)).view(n, beam, count) + sums.unsqueeze(-1)
        sums, place = sums.view(n, -1).topk(count, -1)
        return sums, place // count, ids.view(n, -1).gather(1, place)

    @torch.no_grad()
    def run():
        encoded = net.encode(source)
        memories = [layer.cross.known(encoded) for layer in net.decoder]
        caches = [[[] for _ in layer.mixing.branches] for layer in net.decoder]
        ids = torch.full((n * beam,), begin)
        sums = torch.full((n, beam), float("-inf"))
        sums[:, 0] = 0
        spelt = torch.empty(n * beam, 0, dtype=torch.long)
        for position in range(job["target"]):
            logits = net.step(ids, position, memories, caches, n)
            found, rows, chosen = best(logits, sums, 2 * beam)
            sums = found[:, :beam].contiguous()
            rows, ids = (first + rows[:, :beam]).flatten(), chosen[:, :beam].flatten()
            spelt = torch.cat([spelt.index_select(0, rows), ids.unsqueeze(1)], 1)
            for cache in caches:
                for branch in cache:
                    branch[:] = [kept.index_select(0, rows) for kept in branch]
        return spelt.view(n, beam, -1)[:, 0].tolist()

    return run
