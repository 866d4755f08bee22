/** onnxruntime-node, where it is installed: it is too large (288 MB) to come with the package, and loaded when needed. */
import { ShiftAddError } from '../../core/errors.ts';
import type { Shape } from '../../core/shapes.ts';

const PACKAGE: string = 'onnxruntime-node';
export const INSTALL = `npm install --no-save ${PACKAGE}`;

interface RuntimeTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
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
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => RuntimeTensor;
}

export interface LoadedModel {
  /** One input, one output. */
  run(input: string, data: Float32Array, shape: Shape): Promise<readonly RuntimeTensor[]>;
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
    run: async (input, data, shape) =>
      Object.values(await session.run({ [input]: new runtime.Tensor('float32', data, shape) })),
    close: () => session.release(),
  };
}
