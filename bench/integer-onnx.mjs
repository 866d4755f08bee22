// A convolutional integer program as a quantised ONNX graph, so that onnxruntime runs the same layers on its own integer
// kernels: QLinearConv for every window, its QLinearAdd and QLinearGlobalAveragePool for sums and means. Scales are made
// up, for they do not change the time; what comes out means nothing.
import { message } from '../dist/zoo/onnx/message.js';

const [FLOAT, UINT8, INT8, INT32] = [1, 2, 3, 6];
const OPSET = 17;
const ZERO = 128; // of all activations

const bytesOf = (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

class QuantisedGraph {
  nodes = [];
  constants = [];

  constant(name, type, dims, data) {
    this.constants.push(message([1, dims], [2, type], [8, name], [9, bytesOf(data)]));
    return name;
  }

  node(operator, inputs, output, { ints = {}, whole = {}, domain = '' } = {}) {
    const attribute = (fields) => [5, message(...fields)];
    this.nodes.push(
      message(
        ...inputs.map((name) => [1, name]),
        [2, output],
        [3, output],
        [4, operator],
        ...Object.entries(ints).map(([name, values]) =>
          attribute([
            [1, name],
            [8, values],
            [20, 7],
          ]),
        ),
        ...Object.entries(whole).map(([name, value]) =>
          attribute([
            [1, name],
            [3, value],
            [20, 2],
          ]),
        ),
        [7, domain],
      ),
    );
    return output;
  }

  /** Scale and zero of all activations. */
  grid() {
    this.made ??= [
      this.constant('scale', FLOAT, [], Float32Array.of(0.05)),
      this.constant('zero', UINT8, [], Uint8Array.of(ZERO)),
    ];
    return this.made;
  }
}

/** Bytes of the .onnx file; input 'image' uint8 [batch, c, h, w]. `program`: convolutions, sums and a mean over the map. */
export function quantisedOnnx({ values, operations, tensors }, batch) {
  const graph = new QuantisedGraph();
  const grid = graph.grid();
  const names = ['image'];
  for (const [i, operation] of operations.entries()) {
    const output = `v${i + 1}`;
    const [x] = [names[operation.x ?? operation.a]];
    switch (operation.kind) {
      case 'rescale': // of pixels: onnxruntime folds it into the first layer
        names.push(x);
        break;
      case 'window': {
        const { r, s, stride, pad, groups } = operation.window;
        const { data, shape } = tensors.get(operation.weight);
        const [m, , , c] = shape;
        const weight = new Int8Array(data.length); // [m, r, s, c] -> [m, c, r, s]
        for (let j = 0; j < data.length; j++) {
          const [o, place, k] = [Math.floor(j / (r * s * c)), Math.floor(j / c) % (r * s), j % c];
          weight[(o * c + k) * r * s + place] = data[j];
        }
        const inputs = [
          ...[x, ...grid],
          graph.constant(`${output}.weight`, INT8, [m, c, r, s], weight),
          graph.constant(`${output}.scales`, FLOAT, [m], new Float32Array(m).fill(0.002)),
          graph.constant(`${output}.zeros`, INT8, [m], new Int8Array(m)),
          ...grid,
          graph.constant(`${output}.bias`, INT32, [m], new Int32Array(m)),
        ];
        const ints = { kernel_shape: [r, s], strides: [stride, stride], pads: [pad, pad, pad, pad] };
        names.push(graph.node('QLinearConv', inputs, output, { ints, whole: { group: groups } }));
        break;
      }
      case 'sum': {
        const b = names[operation.b];
        const inputs = [x, ...grid, b, ...grid, ...grid];
        names.push(graph.node('QLinearAdd', inputs, output, { domain: 'com.microsoft' }));
        break;
      }
      case 'average-pool': {
        const options = { domain: 'com.microsoft', whole: { channels_last: 0 } };
        names.push(graph.node('QLinearGlobalAveragePool', [x, ...grid, ...grid], output, options));
        break;
      }
      default:
        throw new Error(`no quantised ONNX is written for ${operation.kind}`);
    }
  }
  const border = (name, [h, w, c]) => {
    const dims = message(...[batch, c, h, w].map((extent) => [1, message([1, extent])]));
    return message([1, name], [2, message([1, message([1, UINT8], [2, dims])])]);
  };
  const whole = message(
    ...graph.nodes.map((node) => [1, node]),
    [2, 'quantised'],
    ...graph.constants.map((constant) => [5, constant]),
    [11, border('image', values[0].shape)],
    [12, border(names.at(-1), values.at(-1).shape)],
  );
  const sets = [message([1, ''], [2, OPSET]), message([1, 'com.microsoft'], [2, 1])];
  return message([1, 8], [7, whole], ...sets.map((set) => [8, set]));
}
