"""Networks of the zoo as PyTorch modules with torchvision's names: how a reader of our safetensors would write them.

    torch_networks.py read  FILE.safetensors IMAGES.bin LOGITS.bin NETWORK   evaluates our weights
    torch_networks.py write FILE.safetensors IMAGES.bin LOGITS.bin NETWORK   draws weights, and evaluates them

NETWORK is JSON: kind (resnet | mobilenet), layer (conv | add | shift), stem, widths, blocks, bottleneck, classes, image.
"""
import json
import struct
import sys

import torch
from torch import nn
from torch.nn import functional as F


class Adder2d(nn.Conv2d):
    """y = - sum |x - w| over each window (AdderNet)."""

    def forward(self, x):
        n, _, h, w = x.shape
        k, s, p = self.kernel_size[0], self.stride[0], self.padding[0]
        patches = F.unfold(x, k, padding=p, stride=s)  # [n, c k k, positions]
        y = -torch.cdist(self.weight.flatten(1)[None], patches.transpose(1, 2), p=1)
        return y.view(n, -1, (h + 2 * p - k) // s + 1, (w + 2 * p - k) // s + 1)


class Shift2d(nn.Conv2d):
    """Weights are powers of two, inputs fixed-point numbers of 16 fractional bits (DeepShift)."""

    def forward(self, x):
        return super().forward(torch.floor(x * 65536) / 65536)


LAYERS = {"conv": nn.Conv2d, "add": Adder2d, "shift": Shift2d}


class Block(nn.Module):
    def __init__(self, layer, inputs, inner, stride, bottleneck):
        super().__init__()
        outputs = inner * 4 if bottleneck else inner
        sizes = [(1, 1), (3, stride), (1, 1)] if bottleneck else [(3, stride), (3, 1)]
        widths = [inputs] + [inner] * (len(sizes) - 1) + [outputs]
        for i, (k, s) in enumerate(sizes):
            conv = layer(widths[i], widths[i + 1], k, s, k // 2, bias=False)
            self.add_module(f"conv{i + 1}", conv)
            self.add_module(f"bn{i + 1}", nn.BatchNorm2d(widths[i + 1]))
        self.count = len(sizes)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            short = layer(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(short, nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = x
        for i in range(1, self.count + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            y = y if i == self.count else F.relu(y)
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self, layer, stem, widths, blocks, bottleneck, classes, image, **_):
        super().__init__()
        self.large = stem == 7
        self.conv1 = nn.Conv2d(image[0], widths[0], stem, 2 if self.large else 1, stem // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        inputs = widths[0]
        for stage, (width, count) in enumerate(zip(widths, blocks)):
            row = []
            for i in range(count):
                stride = 2 if stage > 0 and i == 0 else 1
                row.append(Block(layer, inputs, width, stride, bottleneck))
                inputs = width * 4 if bottleneck else width
            self.add_module(f"layer{stage + 1}", nn.Sequential(*row))
        self.stages = len(blocks)
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.max_pool2d(y, 3, 2, 1) if self.large else y
        for stage in range(1, self.stages + 1):
            y = getattr(self, f"layer{stage}")(y)
        return self.fc(y.mean((2, 3)))


def triple(inputs, outputs, k, stride=1, groups=1):
    conv = nn.Conv2d(inputs, outputs, k, stride, k // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU6())


class Inverted(nn.Module):
    def __init__(self, inputs, outputs, expansion, stride):
        super().__init__()
        wide = inputs * expansion
        expand = [] if expansion == 1 else [triple(inputs, wide, 1)]
        self.conv = nn.Sequential(
            *expand, triple(wide, wide, 3, stride, wide), nn.Conv2d(wide, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
        )
        self.straight = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.conv(x) if self.straight else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self, widths, blocks, strides, classes, image, **_):
        super().__init__()
        features, inputs = [triple(image[0], widths[0], 3)], widths[0]
        for stage, (width, count, stride) in enumerate(zip(widths[1:-1], blocks, strides)):
            for i in range(count):
                features.append(Inverted(inputs, width, 1 if stage == 0 else 6, stride if i == 0 else 1))
                inputs = width
        features.append(triple(inputs, widths[-1], 1))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(widths[-1], classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


TYPES = {"F32": torch.float32, "I32": torch.int32, "I64": torch.int64}


def read_safetensors(path):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    start = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(data[start + begin : start + end], dtype=TYPES[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


def write_safetensors(path, tensors):
    header, parts, end = {}, [], 0
    for name, tensor in tensors.items():
        part = tensor.contiguous().numpy().tobytes()
        kind = next(key for key, dtype in TYPES.items() if dtype == tensor.dtype)
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [end, end + len(part)]}
        parts.append(part)
        end += len(part)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


def drawn(module):
    """Norms as they are after some training."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.weight, 1, 0.1)
            nn.init.normal_(part.bias, 0, 0.1)
            part.running_mean.normal_(0, 0.1)
            part.running_var.uniform_(0.5, 1.5)


def main(mode, weights, images, logits, text):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    network = json.loads(text)
    if network.pop("kind") == "resnet":
        network["layer"] = LAYERS[network["layer"]]
        module = ResNet(**network)
    else:
        module = MobileNetV2(**network)
    if mode == "read":
        module.load_state_dict({**{k: v for k, v in module.state_dict().items() if k.endswith("num_batches_tracked")}, **read_safetensors(weights)})
    else:
        drawn(module)
        write_safetensors(weights, module.state_dict())
    module.eval()
    with open(images, "rb") as file:
        batch = torch.frombuffer(bytearray(file.read()), dtype=torch.float32)
    with torch.no_grad():
        found = module(batch.reshape(-1, *network["image"]))
    with open(logits, "wb") as file:
        file.write(found.contiguous().numpy().tobytes())


main(*sys.argv[1:])
