/** The page: a picture comes in by file, drop, paste or pen; scores, time and work come out. */
import { makePaper } from './drawing.js';
import { openInterpreter } from './interpreter.js';
import { scaledToFit } from './picture.js';
import { element, say, showNetwork, showNothing, showScores, showSeen } from './show.js';

/** Milliseconds that runs of one picture take together, so that a coarse clock can tell their time. */
const MEASURED = 5;
/** So long it runs before anybody asks: browsers compile WebAssembly once quickly and once well. */
const WARMED = 30;
/** Above so many pixels a canvas may be refused (iOS). */
const MOST_PIXELS = 16e6;
/** Pixels of the longer side that is drawn on, at least. */
const PAPER = 280;

/** A file on white, turned upright by what its header says; the browser makes huge ones smaller first. */
async function pictureOf(file) {
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch {
    throw new Error(`${file.name} is no picture that this browser can read; PNG and JPEG are.`);
  }
  const times = Math.max(1, Math.ceil(Math.sqrt((picture.width * picture.height) / MOST_PIXELS)));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(picture.width / times));
  canvas.height = Math.max(1, Math.round(picture.height / times));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

const pixelsOf = (canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);

/** Milliseconds of one run, of as many as take `together` milliseconds. */
function timed(run, together) {
  const from = performance.now();
  for (let runs = 1; ; runs++) {
    run();
    const spent = performance.now() - from;
    if (spent >= together) return spent / runs;
  }
}

/** Ways in: drawing, files, drops, the clipboard; all end in `classify(pixels, what)`. */
function takePictures({ image, classes, darkPaper }, classify) {
  const [h, w, c] = image;
  const canvas = element('paper');
  const times = Math.ceil(PAPER / Math.max(h, w));
  [canvas.width, canvas.height] = [w * times, h * times];
  const paper = makePaper(canvas);
  let dark = darkPaper;
  let asked = false;

  const clear = () => {
    [paper.ink, paper.ground] = dark ? ['#ffffff', '#000000'] : ['#000000', '#ffffff'];
    element('ink').value = paper.ink;
    paper.clear();
    element('hint').hidden = false;
    showNothing(classes);
  };
  paper.onStroke = () => {
    element('hint').hidden = true;
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      classify(pixelsOf(canvas), 'The drawing shows');
    });
  };
  const take = async (file) => {
    if (!file) return;
    say('');
    try {
      const picture = await pictureOf(file);
      paper.show(picture);
      element('hint').hidden = true;
      classify(pixelsOf(picture), `${file.name} shows`);
    } catch (error) {
      say(error.message);
    }
  };

  element('inks').hidden = c === 1;
  element('ink').addEventListener('input', () => {
    paper.ink = element('ink').value;
  });
  element('pen').addEventListener('input', () => {
    paper.pen = Number(element('pen').value);
  });
  element('invert').addEventListener('click', () => {
    dark = !dark;
    clear();
  });
  element('clear').addEventListener('click', clear);
  element('file').addEventListener('change', async () => {
    await take(element('file').files[0]);
    element('file').value = '';
  });
  const over = (is) => (event) => {
    event.preventDefault();
    element('stage').classList.toggle('over', is);
  };
  document.addEventListener('dragover', over(true));
  document.addEventListener('dragleave', over(false));
  document.addEventListener('drop', (event) => {
    over(false)(event);
    take(event.dataTransfer.files[0]);
  });
  document.addEventListener('paste', (event) => take(event.clipboardData.files[0]));
  clear();
}

async function start() {
  const network = JSON.parse(element('network').textContent);
  showNetwork(network);
  const logitsOf = await openInterpreter(network);
  const [h, w, c] = network.image;
  timed(() => logitsOf(new Uint8Array(h * w * c)), WARMED);
  takePictures(network, (pixels, what) => {
    const bytes = scaledToFit(pixels, network.image);
    showSeen(bytes, network.image);
    showScores(logitsOf(bytes), what, network);
    element('time').textContent = timed(() => logitsOf(bytes), MEASURED).toPrecision(3);
  });
  document.body.dataset.ready = 'true';
}

start().catch((error) => say(error.message));
