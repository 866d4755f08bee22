/** onnxruntime-node, where it is installed: it is too large (288 MB) to come with the package, and loaded when needed. */
import { ShiftAddError } from '../../core/errors.ts';
import type { Shape } from '../../core/shapes.ts';

const PACKAGE: string = 'onnxruntime-node';
export const INSTALL = `npm install --no-save ${PACKAGE}`;
/** Why nothing was compared. */
export const NOT_INSTALLED = `${PACKAGE} is not installed, so what was written was checked only structurally; install it by \`${INSTALL}\` and export again`;

interface RuntimeTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** What an input is given: 32-bit floats, or whole numbers of 64 bits. */
export interface Feed {
  readonly data: Float32Array | BigInt64Array;
  readonly shape: Shape;
}

interface RuntimeSession {
  run(feeds: Readonly<Record<string, RuntimeTensor>>): Promise<Readonly<Record<string, RuntimeTensor>>>;
  release(): Promise<void>;
}

/** The part of the package that is used. */
interface Runtime {
  readonly InferenceSession: {
    create(bytes: Uint8Array, options?: { readonly intraOpNumThreads?: number }): Promise<RuntimeSession>;
  };
  readonly Tensor: new (
    type: 'float32' | 'int64',
    data: Float32Array | BigInt64Array,
    dims: readonly number[],
  ) => RuntimeTensor;
}

export interface LoadedModel {
  /** Outputs by name, which are all of floats. */
  run(feeds: Readonly<Record<string, Feed>>): Promise<Readonly<Record<string, RuntimeTensor>>>;
  close(): Promise<void>;
}

/** Undefined where the package is not installed. */
export async function findRuntime(): Promise<Runtime | undefined> {
  try {
    const found = await import(PACKAGE);
    return found.default ?? found;
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    const why = error instanceof Error ? error.message : String(error);
    throw new ShiftAddError(
      'missing',
      `${PACKAGE} is installed but does not start (${why}); install it again by \`${INSTALL}\``,
      {},
      error,
    );
  }
}

/** Opens a model. Throws 'internal' when the runtime refuses what was written here. */
export async function loadModel(runtime: Runtime, bytes: Uint8Array, threads: number): Promise<LoadedModel> {
  let session: RuntimeSession;
  try {
    session = await runtime.InferenceSession.create(bytes, { intraOpNumThreads: threads });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ShiftAddError('internal', `internal: onnxruntime refuses the file: ${why}`, {}, error);
  }
  return {
    run: (feeds) =>
      session.run(
        Object.fromEntries(
          Object.entries(feeds).map(([name, { data, shape }]) => [
            name,
            new runtime.Tensor(data instanceof Float32Array ? 'float32' : 'int64', data, shape),
          ]),
        ),
      ),
    close: () => session.release(),
  };
}
