/**
 * Where the compiled program of a worker thread is. Node runs no TypeScript in a worker unless it strips types itself,
 * so a program that is there only as source may not be runnable.
 *
 * `module`: import.meta.url of a file in the program's folder. `name`: the program's, without ending. Undefined where
 * it would be TypeScript and Node runs none.
 */
export function workerProgram(module: string, name: string): URL | undefined {
  if (!module.endsWith('.ts')) return new URL(`./${name}.js`, module);
  const { typescript } = process.features as { readonly typescript?: string | false };
  return typescript === undefined || typescript === false ? undefined : new URL(`./${name}.ts`, module);
}
