/** Gradient clipping by the norm of all gradients together (Pascanu et al., 2013), as PyTorch's clip_grad_norm_. */
import type { Backend } from '../backends/backend.ts';
import { sizeOf } from '../core/shapes.ts';
import type { Gradient } from './gradients.ts';

/**
 * Scales gradients in place so that their common 2-norm is at most `limit`; smaller ones stay as they
 * are. Nothing is read back. A norm that is not finite stays so, and the loop finds it.
 */
export function clipGradients(backend: Backend, gradients: readonly Gradient[], limit: number): void {
  if (gradients.length === 0) return;
  const parts = gradients.map(({ parameter, value }) => ({
    x: value,
    length: sizeOf(parameter.shape),
    by: 1,
  }));
  const squares = backend.allocate(parts.length);
  const total = backend.allocate(1);
  backend.sumsOfSquares(parts, squares);
  backend.reduce('sum', squares, total, 1, parts.length, 1);
  backend.unary('sqrt', total, total, 1);
  backend.unary('affine', total, total, 1, 1, 1e-6);
  backend.unary('reciprocal', total, total, 1);
  backend.unary('affine', total, total, 1, limit, 0);
  backend.unary('clamp', total, total, 1, 0, 1);
  // Two parameters may have one buffer as their gradient: it counts for both, but is scaled once.
  backend.scaleEach([...new Map(parts.map((part) => [part.x, part])).values()], total);
}
