/** Gradient clipping by the norm of all gradients together (Pascanu et al., 2013), as PyTorch's clip_grad_norm_. */
import type { Backend, Buffer } from '../backends/backend.ts';
import { sizeOf } from '../core/shapes.ts';
import type { Gradient } from './gradients.ts';

/**
 * Scales gradients in place so that their common 2-norm is at most `limit`; smaller ones stay as they
 * are. Nothing is read back. A norm that is not finite stays so, and the loop finds it.
 */
export function clipGradients(backend: Backend, gradients: readonly Gradient[], limit: number): void {
  const total = backend.allocate(1);
  const part = backend.allocate(1);
  backend.fill(total, 0);
  // Two parameters may have one buffer as their gradient: it counts for both, but is scaled once.
  const lengths = new Map<Buffer, number>();
  for (const { parameter, value: gradient } of gradients) {
    const length = sizeOf(parameter.shape);
    lengths.set(gradient, length);
    backend.reduce('sumSquares', gradient, part, 1, length, 1);
    backend.axpy(part, total, 1, 1);
  }
  backend.unary('sqrt', total, total, 1);
  backend.unary('affine', total, total, 1, 1, 1e-6);
  backend.unary('reciprocal', total, total, 1);
  backend.unary('affine', total, total, 1, limit, 0);
  backend.unary('clamp', total, total, 1, 0, 1);
  for (const [gradient, length] of lengths) {
    backend.binary('multiply', gradient, total, gradient, 1, length, 'scalar');
  }
}
