/**
 * State that is saved is plain data: objects, arrays, strings, booleans, null and finite numbers. Anything else
 * would come back as something different and a resumed run would drift, so it is refused when it is written.
 */
import { internal } from '../core/errors.ts';

/** JSON of plain data, keys in their order. Throws 'internal' with the place of what JSON cannot hold. */
export function encodeState(state: unknown): string {
  check(state, 'state');
  return JSON.stringify(state);
}

function check(value: unknown, place: string): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return;
    case 'number':
      if (!Number.isFinite(value)) internal(`${place} is ${value}, and a checkpoint holds finite numbers`);
      return;
    case 'object':
      if (value === null) return;
      if (Array.isArray(value)) {
        value.forEach((item, index) => {
          check(item, `${place}[${index}]`);
        });
        return;
      }
      if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) {
        internal(`${place} is a ${value.constructor.name}, and a checkpoint holds plain data`);
      }
      // A field that is undefined vanishes, which is what an absent optional field is.
      for (const [key, item] of Object.entries(value)) {
        if (item !== undefined) check(item, `${place}.${key}`);
      }
      return;
    default:
      internal(`${place} is a ${typeof value}, and a checkpoint holds plain data`);
  }
}
