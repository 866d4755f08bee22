/** What the page shows: the network, what it reads, its scores. */

export const element = (id) => document.getElementById(id);

const KINDS = ['multiplications', 'additions', 'shifts'];
const MOST_SCORES = 10;
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
const grouped = new Intl.NumberFormat('en');

function made(name, className, text = '') {
  const node = document.createElement(name);
  node.className = className;
  node.textContent = text;
  return node;
}

/** What is wrong, or nothing. */
export function say(fault) {
  element('fault').hidden = fault === '';
  element('fault').textContent = fault;
}

const sizeInWords = ([h, w, c]) => `${w} × ${h} ${c === 1 ? 'grey' : 'colour'} pixels`;

export function showNetwork({ name, makeup, classes, image, logits, counts, weightsMet, layers, origin }) {
  document.title = `${name}: shiftaddnas`;
  element('title').textContent = name;
  element('about').textContent =
    `${makeup}. It reads ${sizeInWords(image)}, tells ${classes.length} classes apart, and runs in this page: nothing leaves it.`;
  element('scale').textContent =
    `Each class with its share and its logit. Logits are whole numbers, in units of ${logits.step.toPrecision(4)}; shares are the softmax of the real ones.` +
    (classes.length > MOST_SCORES ? ` The ${MOST_SCORES} best of ${classes.length}.` : '');
  for (const kind of KINDS) {
    element(kind).textContent = compact.format(counts[kind]);
    element(kind).title = grouped.format(counts[kind]);
  }
  element('instead').textContent =
    `For one picture. If every layer were a convolution, its windows alone would take ${compact.format(weightsMet)} multiplications.` +
    (counts.divisions > 0 ? ` Attention divides ${grouped.format(counts.divisions)} times as well.` : '');
  const all = (layer) => KINDS.reduce((total, kind) => total + layer[kind], 0);
  const most = Math.max(...layers.map(all));
  element('layers').replaceChildren(...layers.map((layer) => layerRow(layer, most)));
  element('origin').textContent = origin;
}

/** Its bar is as long as its share of the layer with most operations. */
function layerRow(layer, most) {
  const row = document.createElement('tr');
  for (const text of [layer.name, layer.computes, layer.gives]) row.append(made('td', '', text));
  for (const kind of KINDS) {
    row.append(made('td', 'number', layer[kind] === 0 ? '' : grouped.format(layer[kind])));
  }
  const stack = row.appendChild(document.createElement('td')).appendChild(made('div', 'stack'));
  for (const kind of KINDS.filter((one) => layer[one] > 0)) {
    stack.appendChild(made('span', kind)).style.width = `${(100 * layer[kind]) / most}%`;
  }
  return row;
}

/** bytes [h, w, c] as they are. */
export function showSeen(bytes, [h, w, c]) {
  const canvas = element('seen');
  [canvas.width, canvas.height] = [w, h];
  const image = new ImageData(w, h);
  for (let i = 0; i < w * h; i++) {
    for (let k = 0; k < 3; k++) image.data[4 * i + k] = bytes[i * c + (c === 1 ? 0 : k)];
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext('2d').putImageData(image, 0, 0);
}

/** exp(x - max) over their sum. */
function softmax(logits) {
  const highest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - highest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

function scoreRow(name, share, cells) {
  const row = document.createElement('li');
  const bar = made('div', 'bar');
  bar.appendChild(document.createElement('i')).style.width = `${100 * share}%`;
  row.append(made('span', 'name', name), bar, ...cells.map((text) => made('span', 'number', text)));
  return row;
}

/** stored: whole logits; the first of the largest wins, as everywhere. `what`: "boot.png shows". */
export function showScores(stored, what, { classes, logits: { step, zero } }) {
  const shares = softmax(Array.from(stored, (q) => step * (q - zero)));
  const order = shares.map((_, i) => i).sort((a, b) => stored[b] - stored[a]);
  element('asked').textContent = what;
  element('label').textContent = classes[order[0]];
  element('reads').hidden = false;
  const rows = order.slice(0, MOST_SCORES).map((i) => {
    const row = scoreRow(classes[i], shares[i], [`${(100 * shares[i]).toFixed(1)} %`, String(stored[i])]);
    Object.assign(row.dataset, { class: i, logit: stored[i] });
    return row;
  });
  element('scores').replaceChildren(...rows);
}

/** Until the next picture: the classes alone. */
export function showNothing(classes) {
  element('asked').textContent = 'No picture yet';
  element('label').textContent = '\u00a0';
  element('reads').hidden = true;
  element('time').textContent = '–';
  element('scores').replaceChildren(
    ...classes.slice(0, MOST_SCORES).map((name) => scoreRow(name, 0, ['', ''])),
  );
}
