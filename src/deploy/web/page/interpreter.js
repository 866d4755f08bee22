/** The integer program in this page's WebAssembly: unpacked, handed over once, run for every picture. */

/** Bytes of an element that holds gzip in base64; gzip's own checksum finds what is damaged. */
async function unpacked(id) {
  try {
    const packed = Uint8Array.from(atob(document.getElementById(id).textContent), (one) => one.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (error) {
    throw new Error(`This page is damaged: its ${id} cannot be read (${error.message}). Export it again.`);
  }
}

async function instantiated(module, memory) {
  if (typeof WebAssembly === 'undefined') throw new Error('This browser has no WebAssembly.');
  try {
    return (await WebAssembly.instantiate(module, { env: { memory } })).instance.exports;
  } catch (error) {
    throw new Error(
      `This browser's WebAssembly cannot run the network: it needs 128-bit vectors (${error.message}).`,
    );
  }
}

/** Returns a function from bytes [h, w, c] to stored logits. `network`: what write.ts says of the program. */
export async function openInterpreter({ bytes, numbersAt, operations, logits: { bits, length } }) {
  const [program, module] = await Promise.all([unpacked('program'), unpacked('interpreter')]);
  if (program.length !== bytes) {
    throw new Error(
      `This page is damaged: its program has ${program.length} bytes instead of ${bytes}. Export it again.`,
    );
  }
  const memory = new WebAssembly.Memory({ initial: 3 });
  const { allocate, open, value, run } = await instantiated(module, memory);
  const at = allocate(program.length) >>> 0;
  if (at !== 0) new Uint8Array(memory.buffer).set(program, at);
  if (at === 0 || open(at, at + numbersAt) === 0) throw new Error('There is no memory for this network.');
  return (image) => {
    new Uint8Array(memory.buffer).set(image, value(0) >>> 0);
    run(0, operations);
    const last = value(operations) >>> 0;
    if (bits === 16) return Int16Array.from(new Int16Array(memory.buffer, last, length));
    return Int16Array.from(new Uint8Array(memory.buffer, last, length), (byte) => byte - 128);
  };
}
