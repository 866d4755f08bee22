/** Rows of a table by index: an embedding. */
import type { Buffer } from '../backends/backend.ts';
import { require_ } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';

/** y[i] = table[index[i]]. table: [entries, columns], index: `rows` int32 numbers below `entries`; y: [rows, columns]. */
export function gather(table: Tensor, index: Buffer, rows: number): Tensor {
  const { graph } = table;
  const { backend } = graph;
  require_(
    table.shape.length === 2 && index.type === 'int32' && index.length >= rows,
    'shape',
    () => `gather needs a table [entries, columns] and ${rows} int32 indices, got ${showShape(table.shape)}`,
  );
  const columns = table.shape[1];
  const y = backend.allocate(rows * columns);
  backend.gatherRows(table.buffer, index, y, rows, columns);
  return graph.record([rows, columns], y, [table], (dy) => {
    const dtable = backend.allocate(sizeOf(table.shape));
    backend.fill(dtable, 0);
    backend.scatterAddRows(dy, index, dtable, rows, columns);
    return [dtable];
  });
}
