/** A canvas to draw on with a pen. */

/**
 * `ink` and `ground` are colours, `pen` is the share of the shorter side that a line is wide, `onStroke` is called after
 * every piece of a line. Drawing on a picture that is shown begins a fresh page.
 */
export function makePaper(canvas) {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const paper = { ink: '#000000', ground: '#ffffff', pen: 0.085, onStroke: () => {} };
  let last;
  let shown = false;

  const place = ({ clientX, clientY }) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [((clientX - left) * canvas.width) / width, ((clientY - top) * canvas.height) / height];
  };
  const draw = (event) => {
    const to = place(event);
    context.strokeStyle = paper.ink;
    context.lineWidth = paper.pen * Math.min(canvas.width, canvas.height);
    context.lineCap = 'round';
    context.beginPath();
    context.moveTo(...(last ?? to));
    context.lineTo(...to);
    context.stroke();
    last = to;
    paper.onStroke();
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    if (shown) paper.clear();
    last = undefined;
    draw(event);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) draw(one);
  });

  paper.clear = () => {
    shown = false;
    context.fillStyle = paper.ground;
    context.fillRect(0, 0, canvas.width, canvas.height);
  };
  /** A picture as far as the network will see it: what lies beyond its shape is cut on both sides. */
  paper.show = (picture) => {
    const factor = Math.min(picture.width / canvas.width, picture.height / canvas.height);
    const [width, height] = [canvas.width * factor, canvas.height * factor];
    const [left, top] = [(picture.width - width) / 2, (picture.height - height) / 2];
    paper.clear();
    shown = true;
    context.imageSmoothingEnabled = factor > 1;
    context.drawImage(picture, left, top, width, height, 0, 0, canvas.width, canvas.height);
  };
  return paper;
}
