/** The page around the training: chooses a backend, draws the loss curve and the digits, starts and stops. */
import { createWasm } from '../../dist/backends/wasm/wasm.js';
import { createWebGpu } from '../../dist/backends/webgpu/webgpu.js';
import { trainDigits } from './training.js';

const asked = new URLSearchParams(location.search);
const element = (id) => document.getElementById(id);

/**
 * `?backend=webgpu` or `wasm` asks for one; without it a GPU, and WebAssembly where there is none. `&device=0` takes what
 * the browser has even if it is no GPU, `&batch=16` fewer images a step.
 */
async function openBackend() {
  const name = asked.get('backend');
  if (name === 'wasm') return createWasm();
  try {
    const device = asked.get('device');
    return await createWebGpu(device === null ? {} : { device });
  } catch (error) {
    if (name === 'webgpu' || error.code !== 'missing') throw error;
    element('note').textContent = error.message;
    return createWasm();
  }
}

/** The losses so far and their running mean, on a logarithmic axis that holds them all. */
function drawCurve(canvas, losses) {
  const scale = devicePixelRatio;
  const { clientWidth: width, clientHeight: height } = canvas;
  [canvas.width, canvas.height] = [width * scale, height * scale];
  const context = canvas.getContext('2d');
  const style = getComputedStyle(canvas);
  context.scale(scale, scale);
  const [left, bottom] = [44, 22];
  const steps = Math.max(50, losses.at(-1)?.step ?? 0);
  const low = Math.min(0.1, ...losses.map(({ loss }) => loss));
  const high = Math.max(3, ...losses.map(({ loss }) => loss));
  const x = (step) => left + ((width - left - 8) * step) / steps;
  const y = (loss) => 8 + ((height - bottom - 8) * Math.log(high / loss)) / Math.log(high / low);
  context.font = '12px system-ui, sans-serif';
  context.fillStyle = context.strokeStyle = style.getPropertyValue('--faint');
  for (const tick of [0.001, 0.01, 0.1, 1, 10].filter((value) => value >= low && value <= high)) {
    context.fillRect(left, y(tick), width - left - 8, 1);
    context.fillText(String(tick), 4, y(tick) + 4);
  }
  context.fillText(`${steps} steps`, width - 70, height - 6);
  const line = (values, colour, thickness) => {
    context.strokeStyle = colour;
    context.lineWidth = thickness;
    context.beginPath();
    for (const { step, loss } of values) context.lineTo(x(step), y(loss));
    context.stroke();
  };
  let mean;
  const means = losses.map(({ step, loss }) => {
    mean = mean === undefined ? loss : 0.85 * mean + 0.15 * loss;
    return { step, loss: mean };
  });
  line(losses, style.getPropertyValue('--faint'), 1);
  line(means, style.getPropertyValue('--line'), 2.5);
}

function drawDigits(list, digits) {
  list.replaceChildren(
    ...digits.slice(0, 30).map(({ pixels, label, read }) => {
      const canvas = document.createElement('canvas');
      const side = Math.sqrt(pixels.length);
      [canvas.width, canvas.height] = [side, side];
      const image = new ImageData(side, side);
      pixels.forEach((value, i) => {
        image.data.fill(255 - value, 4 * i, 4 * i + 3);
        image.data[4 * i + 3] = 255;
      });
      canvas.getContext('2d').putImageData(image, 0, 0);
      const figure = document.createElement('figure');
      const caption = document.createElement('figcaption');
      caption.textContent = String(read);
      figure.className = read === label ? 'right' : 'wrong';
      figure.append(canvas, caption);
      return figure;
    }),
  );
}

/** Changes with every start and stop: a training that is not the current one ends at its next event. */
let current = 0;

async function start() {
  const mine = ++current;
  const losses = [];
  element('start').textContent = 'Stop';
  const options = asked.has('batch') ? { batch: Number(asked.get('batch')) } : {};
  let backend;
  try {
    backend = await openBackend();
    element('backend').textContent = backend.description;
    for await (const event of trainDigits(backend, element('network').value, options)) {
      if (mine !== current) break;
      if (event.loss !== undefined) {
        losses.push(event);
        element('step').textContent = event.step;
        element('loss').textContent = event.loss.toFixed(3);
        element('speed').textContent = event.imagesPerSecond.toFixed(0);
        drawCurve(element('curve'), losses);
      } else {
        element('accuracy').textContent = `${(100 * event.accuracy).toFixed(0)} %`;
        drawDigits(element('digits'), event.digits);
      }
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  } catch (error) {
    element('note').textContent = error.message;
    if (mine === current) stop();
  } finally {
    backend?.dispose();
  }
}

function stop() {
  current++;
  element('start').textContent = 'Start';
}

element('start').addEventListener('click', () => {
  if (element('start').textContent === 'Stop') stop();
  else start();
});
element('network').addEventListener('change', () => {
  if (element('start').textContent === 'Stop') start();
});
start();
