#!/usr/bin/env bash
# Everything that is measured on a machine with a GPU, into one folder: that the kernels are right there, the table of
# peaks and shares, an epoch of ResNet-20 as convolution, add and shift, and the same in PyTorch where it is installed.
#
#   bench/gpu.sh [folder] [cifar10-folder]         DEVICE=name chooses among several GPUs, PYTHON=path a Python
#
# The tables of docs/performance.md are table.md and epochs.txt of that folder.
set -euo pipefail
out=$(mkdir -p "${1:-runs/gpu}" && cd "${1:-runs/gpu}" && pwd)
data=${2:+$(cd "$2" && pwd)}
cd "$(dirname "$0")/.."
device=(${DEVICE:+--device "$DEVICE"})

npm run -s setup
npx vitest run src/backends/webgpu 2>&1 | tee "$out/conformance.txt"
node dist/cli/main.js bench --backend webgpu "${device[@]}" --markdown \
  --group peaks,matmul,conv,adder,shift,depthwise,attention,norm,steps,supernet,tape | tee "$out/table.md"
node bench/gpu-epoch.mjs "${device[@]}" ${data:+--data "$data"} | tee "$out/epochs.txt"

python=${PYTHON:-python3}
if "$python" -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then
  for precision in '' --tf32; do
    "$python" bench/gpu_peer.py ${data:+--data "$data"} $precision | tee -a "$out/epochs.txt"
  done
else
  echo "PyTorch with CUDA is not there: its epochs are not timed" | tee -a "$out/epochs.txt"
fi
