/**
 * Matrix products, one or a batch of them. A matrix on the right that has no batch of its own is shared: the
 * rows of all batches on the left are then one tall matrix, which is also the faster way to compute it.
 */
import { ShiftAddError } from '../core/errors.ts';
import { sameShape, showShape, sizeOf } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';

export interface MatmulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Factor on the product. */
  readonly alpha?: number;
}

/**
 * alpha * op(a) op(b). a: [..., m, k] (or [..., k, m] with transposeA); b: [..., k, n] (or [..., n, k] with
 * transposeB), with a's leading axes, or none. Result: [..., m, n].
 *
 * @throws ShiftAddError 'shape' when inner sizes or leading axes differ.
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const { transposeA = false, transposeB = false, alpha = 1 } = options;
  const rankA = a.shape.length;
  const rankB = b.shape.length;
  const misfit = () =>
    new ShiftAddError(
      'shape',
      `a matrix product needs equal inner sizes and equal leading axes, got ${showShape(a.shape)}` +
        `${transposeA ? ' transposed' : ''} and ${showShape(b.shape)}${transposeB ? ' transposed' : ''}`,
    );
  if (rankA < 2 || rankB < 2) throw misfit();
  const lead = a.shape.slice(0, -2);
  const shared = rankB === 2 && rankA > 2 && !transposeA;
  if (!shared && !sameShape(lead, b.shape.slice(0, -2))) throw misfit();

  const rows = a.shape[transposeA ? rankA - 1 : rankA - 2];
  const k = a.shape[transposeA ? rankA - 2 : rankA - 1];
  const n = b.shape[transposeB ? rankB - 2 : rankB - 1];
  if (b.shape[transposeB ? rankB - 1 : rankB - 2] !== k) throw misfit();
  const batch = shared ? 1 : sizeOf(lead);
  const m = shared ? sizeOf(lead) * rows : rows;

  const { graph } = a;
  const { backend } = graph;
  const y = backend.allocate(batch * m * n);
  const common = { batch, alpha, accumulate: false };
  backend.matmul(a.buffer, b.buffer, y, { ...common, m, n, k, transposeA, transposeB });

  return graph.record([...lead, rows, n], y, [a, b], (dy) => {
    const da = a.needsGradient ? backend.allocate(batch * m * k) : null;
    const db = b.needsGradient ? backend.allocate(batch * k * n) : null;
    if (da !== null && transposeA) {
      // stored as [k, m]: op(b) dy^T
      const shape = { ...common, m: k, n: m, k: n, transposeA: transposeB, transposeB: true };
      backend.matmul(b.buffer, dy, da, { ...shape, gradient: 'b' });
    } else if (da !== null) {
      const shape = { ...common, m, n: k, k: n, transposeA: false, transposeB: !transposeB };
      backend.matmul(dy, b.buffer, da, { ...shape, gradient: 'a' });
    }
    if (db !== null && transposeB) {
      // stored as [n, k]: dy^T op(a)
      const shape = { ...common, m: n, n: k, k: m, transposeA: true, transposeB: transposeA };
      backend.matmul(dy, a.buffer, db, { ...shape, gradient: 'a' });
    } else if (db !== null) {
      const shape = { ...common, m: k, n, k: m, transposeA: !transposeA, transposeB: false };
      backend.matmul(a.buffer, dy, db, { ...shape, gradient: 'b' });
    }
    return [da, db];
  });
}
