"""PyTorch's side of `shiftaddnas bench --peer`: times one job on request, so that both sides take turns.

A JSON object a line on stdin, one a line on stdout (src/bench/peer.ts has the protocol). Can be tried by hand:

    echo '{"job": {"kind": "matmul", "batch": 1, "m": 1024, "k": 1024, "n": 1024}, "budget": 200}' \
      | OMP_NUM_THREADS=2 python3 bench/peer/torch_peer.py
"""
import json
import os
import sys
import time


def say(record):
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


try:
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
except Exception as error:  # absent, or built for another Python or machine
    say({"missing": str(error), "python": sys.executable})
    sys.exit(0)

import translator


# ---- what is compared with, and whether that is fair -------------------------------------------------------------
def blas():
    """Path of the BLAS that is loaded, and the processor OpenBLAS takes this one for."""
    import ctypes

    try:
        with open("/proc/self/maps") as maps:
            paths = {line.split()[-1] for line in maps if ".so" in line}
    except OSError:
        return None, None
    named = sorted(path for path in paths if "blas" in os.path.basename(path).lower())
    for path in named:
        try:
            library = ctypes.CDLL(path)
            library.openblas_get_corename.restype = ctypes.c_char_p
            return path, library.openblas_get_corename().decode()
        except (OSError, AttributeError):
            continue
    return (named[0] if named else None), None


def matmul_rate():
    """GFLOP/s of a product of 1024 x 1024 matrices, best of ten."""
    a = torch.randn(1024, 1024)
    best = float("inf")
    for _ in range(10):
        start = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - start)
    return 2 * 1024**3 / best / 1e9


def introduce():
    rate = matmul_rate()
    path, core = blas()
    mkl = torch.backends.mkl.is_available()
    warnings = []
    if core is None and not mkl:
        warnings.append(
            "PyTorch's matrix products do not run on OpenBLAS or MKL but on %s (%.1f GFLOP/s): the comparison is "
            "UNFAIR to it; install OpenBLAS, on Debian: apt-get install libopenblas0-pthread" % (path or "an unknown BLAS", rate)
        )
    wanted = os.environ.get("OPENBLAS_CORETYPE")
    if core is not None and wanted and core.lower() != wanted.lower():
        warnings.append("OpenBLAS takes this processor for %s and not for %s: the comparison may be UNFAIR" % (core, wanted))
    threads = os.environ.get("OMP_NUM_THREADS")
    if threads and torch.get_num_threads() != int(threads):
        warnings.append("PyTorch runs %d threads and not %s" % (torch.get_num_threads(), threads))
    say(
        {
            "ready": {
                "torch": torch.__version__,
                "python": sys.executable,
                "threads": torch.get_num_threads(),
                "blas": "MKL" if mkl and core is None else path,
                "core": core,
                "matmulGflops": round(rate, 1),
                "config": torch.__config__.show(),
            },
            "warnings": warnings,
        }
    )


# ---- jobs: the kinds of src/bench/job.ts ---------------------------------------------------------------------------
def gradients(function, inputs):
    """Forward and all gradients for a given gradient of the result."""
    for tensor in inputs:
        tensor.requires_grad_(True)
    upstream = torch.randn_like(function(*inputs).detach())

    def run():
        torch.autograd.grad(function(*inputs), inputs, upstream)

    return run


def forward_only(function, inputs):
    def run():
        with torch.no_grad():
            function(*inputs)

    return run


def matmul(job):
    lead = [job["batch"]] if job["batch"] > 1 else []
    a = torch.randn(*lead, job["m"], job["k"])
    if job.get("transposeB"):
        return forward_only(F.linear, [a, torch.randn(*lead, job["n"], job["k"])])
    b = torch.randn(*lead, job["k"], job["n"])
    return forward_only(lambda a, b: a @ b, [a, b])


def window(job):
    n, size, c, m, k, stride = (job[name] for name in ("n", "size", "c", "m", "window", "stride"))
    groups = c if job["depthwise"] else 1
    x = torch.randn(n, c, size, size)
    w = torch.randn(m, c // groups, k, k)

    def conv(x, w):
        return F.conv2d(x, w, stride=stride, padding=k // 2, groups=groups)

    def adder(x, w):
        patches = F.unfold(x, k, padding=k // 2, stride=stride).transpose(1, 2).reshape(-1, c * k * k)
        return -torch.cdist(patches, w.view(m, -1), p=1)

    function = {"conv": conv, "adder": adder}[job["kind"]]
    return forward_only(function, [x, w]) if job["pass"] == "forward" else gradients(function, [x, w])


def attention(job):
    shape = (job["n"] * job["heads"], job["positions"], job["width"])

    def attend(q, k, v):
        return torch.softmax(torch.bmm(q, k.transpose(1, 2)) * shape[2] ** -0.5, -1) @ v

    return gradients(attend, [torch.randn(*shape) for _ in range(3)])


def batch_norm_relu(job):
    n, size, c = job["n"], job["size"], job["c"]
    mean, variance = torch.zeros(c), torch.ones(c)

    def norm(x, gamma, beta):
        return F.relu(F.batch_norm(x, mean, variance, gamma, beta, training=True))

    return gradients(norm, [torch.randn(n, c, size, size), torch.randn(c), torch.randn(c)])


def layer_norm(job):
    rows, c = job["n"] * job["size"] ** 2, job["c"]
    return gradients(
        lambda x, gamma, beta: F.layer_norm(x, (c,), gamma, beta), [torch.randn(rows, c), torch.randn(c), torch.randn(c)]
    )


# ---- jobs over sentences: the kinds of src/bench/sequence-job.ts ---------------------------------------------------
def either(job, function, inputs):
    return forward_only(function, inputs) if job["pass"] == "forward" else gradients(function, inputs)


def sentence_attention(job):
    n, heads, queries, keys, width = (job[name] for name in ("n", "heads", "queries", "keys", "width"))
    mask = torch.full((queries, keys), float("-inf")).triu(keys - queries + 1) if job["causal"] else None

    def split(x):
        return x.view(n, -1, heads, width).transpose(1, 2).reshape(n * heads, -1, width)

    def attend(q, k, v):
        q, k, v = split(q * width**-0.5), split(k), split(v)
        scores = torch.bmm(q, k.transpose(1, 2)) if mask is None else torch.baddbmm(mask, q, k.transpose(1, 2))
        weights = torch.softmax(scores, -1)
        if job["drop"] > 0:
            weights = F.dropout(weights, job["drop"], True)
        return torch.bmm(weights, v).view(n, heads, queries, width).transpose(1, 2).reshape(n, queries, heads * width)

    c = heads * width
    return either(job, attend, [torch.randn(n, queries, c), torch.randn(n, keys, c), torch.randn(n, keys, c)])


def sentence_filter(job):
    """Lightweight convolution as fairseq computes it on processors; channels before rows, as suits PyTorch best."""
    n, t, rows, c, window, heads = (job[name] for name in ("n", "t", "rows", "c", "window", "heads"))
    padding = window // 2 if rows == t else 0

    def conv(x, w):
        return F.conv1d(x.view(n * c // heads, heads, t), w.unsqueeze(1), padding=padding, groups=heads)

    def add(x, w):
        patches = F.pad(x, (padding, padding)).view(n, heads, c // heads, -1).unfold(3, window, 1)
        return -(patches - w.view(1, heads, 1, 1, window)).abs().sum(-1)

    # of conv1d's groups, channel i of a sentence reads filter i mod heads: the same work as in blocks
    function = conv if job["arithmetic"] == "conv" else add
    return either(job, function, [torch.randn(n, c, t), torch.randn(heads, window)])


def label_loss(job):
    logits = torch.randn(job["rows"], job["classes"])
    labels = torch.randint(0, job["classes"], (job["rows"],))
    logits.requires_grad_(True)

    def run():
        torch.autograd.grad(F.cross_entropy(logits, labels, label_smoothing=0.1), [logits])

    return run


def top(job):
    logits = torch.randn(job["rows"], job["columns"])

    def best(logits):
        return torch.log_softmax(logits, -1).topk(job["k"])

    return forward_only(best, [logits])


def embedding(job):
    index = torch.randint(0, job["entries"], (job["rows"],))
    return gradients(lambda table: F.embedding(index, table), [torch.randn(job["entries"], job["columns"])])


def elementwise(job):
    shape = (job["rows"], job["columns"])
    kind = job["kind"]
    if kind == "residual":
        return forward_only(torch.add, [torch.randn(*shape), torch.randn(*shape)])
    if kind == "bias":
        return gradients(torch.add, [torch.randn(*shape), torch.randn(shape[1])])
    function = {
        "dropout": lambda x: F.dropout(x, 0.1, True),
        "relu": F.relu,
        "softmaxRows": lambda x: torch.softmax(x, -1),
    }[kind]
    return gradients(function, [torch.randn(*shape)])


def cnn(batch):
    """The network of src/bench/cnn.ts: a training step as a function."""

    def block(inputs, outputs, stride):
        return [nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            widths = [(3, 32, 1), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 128, 2), (128, 128, 1)]
            self.features = nn.Sequential(*(layer for width in widths for layer in block(*width)))
            self.head = nn.Linear(128, 10)

        def forward(self, x):
            return self.head(self.features(x).mean((2, 3)))

    net = Net()
    optimiser = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9)
    x, y = torch.randn(batch, 3, 32, 32), torch.randint(0, 10, (batch,))

    def step():
        optimiser.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimiser.step()

    return step


JOBS = {
    "matmul": matmul,
    "conv": window,
    "adder": window,
    "attention": attention,
    "batchNormRelu": batch_norm_relu,
    "layerNorm": layer_norm,
    "sentenceAttention": sentence_attention,
    "filter": sentence_filter,
    "labelLoss": label_loss,
    "top": top,
    "embedding": embedding,
    "dropout": elementwise,
    "residual": elementwise,
    "relu": elementwise,
    "bias": elementwise,
    "softmaxRows": elementwise,
    "cnnStep": lambda job: cnn(job["batch"]),
    "translatorStep": lambda job: translator.training(job),
    "translatorBeam": lambda job: translator.decoding(job),
}


# ---- requests --------------------------------------------------------------------------------------------------------
def burst(run, budget):
    """Milliseconds of each run, after one that does not count; as src/bench/timing.ts does it."""
    start = time.perf_counter()
    run()
    first = (time.perf_counter() - start) * 1e3
    if first > 20 * budget:
        return [first]
    times = []
    while len(times) < 200 and (sum(times) < budget or len(times) < 2):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return times


prepared = {}


def timed(job, budget):
    key = json.dumps(job, sort_keys=True)
    if key not in prepared:
        prepared[key] = JOBS[job["kind"]](job)
    return {"ms": burst(prepared[key], budget)}


def status(name):
    """Bytes of a line of /proc/self/status, VmRSS or VmHWM (the most VmRSS ever was)."""
    with open("/proc/self/status") as lines:
        for line in lines:
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
    raise OSError("/proc/self/status has no " + name)


def memory(steps, batch):
    """Growth of peak resident memory by building the network and training it, over what the process had before."""
    before = status("VmRSS")
    try:  # the peak so far was loading the library: forget it
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass
    step = cnn(batch)
    for _ in range(steps):
        step()
    return {"bytes": max(0, status("VmHWM") - before)}


def answer(request):
    if "job" in request:
        return timed(request["job"], request["budget"])
    if request.get("memory") == "cnnStep":
        return memory(request["steps"], request["batch"])
    return {"error": "unknown request %s" % json.dumps(request)}


torch.manual_seed(0)
introduce()
for line in sys.stdin:
    if line.strip() == "":
        continue
    try:
        say(answer(json.loads(line)))
    except Exception as error:
        say({"error": "%s: %s" % (type(error).__name__, error)})
