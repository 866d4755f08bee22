"""PyTorch's side of bench/gpu-epoch.mjs: ResNet-20 on CIFAR-10 as convolution, as adders and as shifts, on CUDA.

    python3 bench/gpu_peer.py [--data cifar-10-batches-bin] [--steps n] [--batch n] [--tf32] [--device cpu]

Adders are timed in two ways: torch.cdist forward with AdderNet's gradients in chunks, and bench/adder.cu compiled on the
spot where nvcc is there. Images lie in the GPU's memory; crops and mirrors are made there. fp32, unless --tf32.
"""
import argparse
import glob
import os
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

EPOCH = 50_000
WARM_UP = 20

arguments = argparse.ArgumentParser()
arguments.add_argument("--data")
arguments.add_argument("--steps", type=int)
arguments.add_argument("--batch", type=int, default=128)
arguments.add_argument("--device", default="cuda")
arguments.add_argument("--tf32", action="store_true")
arguments.add_argument("--networks", default="conv,cdist,cuda,shift")
asked = arguments.parse_args()
device = torch.device(asked.device)
torch.backends.cuda.matmul.allow_tf32 = asked.tf32
torch.backends.cudnn.allow_tf32 = asked.tf32
torch.backends.cudnn.benchmark = True


def images():
    """Pixels [n, 3, 32, 32] in bytes and labels, CIFAR-10's or noise."""
    if asked.data is None:
        return torch.randint(0, 256, (EPOCH, 3, 32, 32), dtype=torch.uint8), torch.arange(EPOCH) % 10
    records = b"".join(open(path, "rb").read() for path in sorted(glob.glob(os.path.join(asked.data, "data_batch_*.bin"))))
    rows = torch.frombuffer(bytearray(records), dtype=torch.uint8).view(-1, 3073)
    return rows[:, 1:].reshape(-1, 3, 32, 32), rows[:, 0].long()


# ---- adders: x [rows, k], w [k, m] -----------------------------------------------------------------------------------
CHUNK = 8


class CdistAdder(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return -torch.cdist(x, w.t().contiguous(), p=1)

    @staticmethod
    def backward(ctx, dy):
        x, w = ctx.saved_tensors
        dx = torch.zeros_like(x)
        for m in range(0, w.shape[1], CHUNK):
            part = (w[:, m : m + CHUNK].t()[None] - x[:, None]).clamp_(-1, 1)  # [rows, chunk, k]
            dx += torch.einsum("rmk,rm->rk", part, dy[:, m : m + CHUNK])
        return dx, x.t() @ dy - w * dy.sum(0)


LAUNCHES = """
#include <torch/extension.h>
template <int KIND>
torch::Tensor run(torch::Tensor a, int aRow, int aDepth, torch::Tensor b, int bDepth, int bColumn, torch::Tensor own,
                  int rows, int columns, int depth) {
  auto out = torch::empty({rows, columns}, a.options());
  dim3 grid((columns + TILE - 1) / TILE, (rows + TILE - 1) / TILE);
  adder<KIND><<<grid, 256>>>(a.data_ptr<float>(), aRow, aDepth, b.data_ptr<float>(), bDepth, bColumn,
                             own.data_ptr<float>(), out.data_ptr<float>(), rows, columns, depth);
  return out;
}
torch::Tensor forward(torch::Tensor x, torch::Tensor w) {
  int rows = x.size(0), k = x.size(1), m = w.size(1);
  return run<0>(x, k, 1, w, m, 1, x, rows, m, k);
}
torch::Tensor inputs(torch::Tensor x, torch::Tensor w, torch::Tensor dy) {
  int rows = x.size(0), k = x.size(1), m = w.size(1);
  return run<1>(dy, m, 1, w, 1, m, x, rows, k, m);
}
torch::Tensor weights(torch::Tensor x, torch::Tensor w, torch::Tensor dy) {
  int rows = x.size(0), k = x.size(1), m = w.size(1);
  return run<2>(x, 1, k, dy, m, 1, w, k, m, rows);
}
"""


def cuda_adder():
    from torch.utils.cpp_extension import load_inline

    here = os.path.dirname(os.path.abspath(__file__))
    kernel = open(os.path.join(here, "adder.cu")).read()
    declared = "\n".join(
        f"torch::Tensor {name}(torch::Tensor, torch::Tensor{more});"
        for name, more in [("forward", ""), ("inputs", ", torch::Tensor"), ("weights", ", torch::Tensor")]
    )
    module = load_inline("adder", declared, kernel + LAUNCHES, functions=["forward", "inputs", "weights"])

    class CudaAdder(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(x, w)
            return module.forward(x, w)

        @staticmethod
        def backward(ctx, dy):
            x, w = ctx.saved_tensors
            dy = dy.contiguous()
            return module.inputs(x, w, dy), module.weights(x, w, dy)

    return CudaAdder


class Adder2d(nn.Module):
    def __init__(self, inputs, outputs, stride, function):
        super().__init__()
        self.stride, self.function = stride, function
        self.weight = nn.Parameter(torch.randn(inputs * 9, outputs))

    def forward(self, x):
        n, _, h, w = x.shape
        e, f = (h - 1) // self.stride + 1, (w - 1) // self.stride + 1
        columns = F.unfold(x, 3, padding=1, stride=self.stride)  # [n, k, e * f]
        rows = columns.transpose(1, 2).reshape(n * e * f, -1).contiguous()
        y = self.function.apply(rows, self.weight)
        return y.view(n, e, f, -1).permute(0, 3, 1, 2).contiguous()


# ---- shifts: DeepShift Q, weights rounded to powers of two, gradients straight through ---------------------------------
class PowerOfTwo(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w):
        return w.sign() * torch.exp2(torch.log2(w.abs().clamp(2**-15, 1)).round())

    @staticmethod
    def backward(ctx, dy):
        return dy


class Shift2d(nn.Conv2d):
    def forward(self, x):
        return F.conv2d(x, PowerOfTwo.apply(self.weight), None, self.stride, self.padding)


# ---- ResNet-20 (He et al., 2016): 16, 32, 64 channels, three blocks each -----------------------------------------------
class Block(nn.Module):
    def __init__(self, layer, inputs, outputs, stride):
        super().__init__()
        self.first, self.second = layer(inputs, outputs, stride), layer(outputs, outputs, 1)
        self.norm1, self.norm2 = nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)
        self.stride, self.more = stride, outputs - inputs

    def forward(self, x):
        y = F.relu(self.norm1(self.first(x)))
        y = self.norm2(self.second(y))
        short = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more))
        return F.relu(y + short)


def resnet20(layer):
    blocks = []
    for inputs, outputs, stride in [(16, 16, 1), (16, 32, 2), (32, 64, 2)]:
        for i in range(3):
            blocks.append(Block(layer, inputs if i == 0 else outputs, outputs, stride if i == 0 else 1))
    stem = [nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)).to(device)


def convolution(inputs, outputs, stride):
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)


def shift(inputs, outputs, stride):
    return Shift2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)


def adders(function):
    return lambda inputs, outputs, stride: Adder2d(inputs, outputs, stride, function)


LAYERS = {
    "conv": lambda: convolution,
    "cdist": lambda: adders(CdistAdder),
    "cuda": lambda: adders(cuda_adder()),
    "shift": lambda: shift,
}


def wait():
    if device.type == "cuda":
        torch.cuda.synchronize()


def main():
    pixels, labels = (tensor.to(device) for tensor in images())
    epoch = EPOCH // asked.batch
    steps = asked.steps or epoch
    name = torch.cuda.get_device_name() if device.type == "cuda" else "cpu"
    print(f"PyTorch {torch.__version__} on {name}; batch {asked.batch}, {steps} of {epoch} steps, tf32 {asked.tf32}")
    for kind in asked.networks.split(","):
        try:
            network = resnet20(LAYERS[kind]())
        except Exception as error:  # no nvcc, no compiler
            print(f"{kind}: not timed, {(str(error) or repr(error)).splitlines()[0]}")
            continue
        optimiser = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
        total = torch.zeros((), device=device)

        def step():
            index = torch.randint(0, len(pixels), (asked.batch,), device=device)
            x = F.pad(pixels[index].float() / 64 - 2, (4, 4, 4, 4))
            top, left = torch.randint(0, 9, (2,)).tolist()
            x = x[:, :, top : top + 32, left : left + 32]
            mirrored = torch.rand(asked.batch, 1, 1, 1, device=device) < 0.5
            x = torch.where(mirrored, x.flip(3), x)
            loss = F.cross_entropy(network(x), labels[index])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            total.add_(loss.detach())

        for _ in range(min(WARM_UP, steps)):
            step()
        wait()
        total.zero_()
        start = time.perf_counter()
        for _ in range(steps):
            step()
        wait()
        seconds = time.perf_counter() - start
        print(
            f"{kind}: {seconds * epoch / steps:.2f} s an epoch, {steps * asked.batch / seconds:.0f} images/s, "
            f"mean loss {total.item() / steps:.3f}",
            flush=True,
        )


main()
