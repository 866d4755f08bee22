/** A run's teacher on its way to workers: the two files of its folder as blobs. */
import fs from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../core/atomic.ts';
import type { BlobCache, Blobs } from './blobs.ts';

/** SHA-256 of the files of a network's folder. */
export interface TeacherBlobs {
  readonly architecture: string;
  readonly weights: string;
}

const FILES = { architecture: 'architecture.json', weights: 'weights.safetensors' } as const;

/** `dir`: as --distill takes it. Undefined where it holds no network, which whoever trains first complains of. */
export async function sendTeacher(dir: string, blobs: Blobs): Promise<TeacherBlobs | undefined> {
  const folder = fs.existsSync(join(dir, FILES.architecture)) ? dir : join(dir, 'winner');
  if (!Object.values(FILES).every((name) => fs.existsSync(join(folder, name)))) return undefined;
  const send = (name: string) => blobs.put(fs.readFileSync(join(folder, name)));
  return { architecture: await send(FILES.architecture), weights: await send(FILES.weights) };
}

/** Writes the files below `folder`; returns where --distill finds them. */
export async function fetchTeacher(
  teacher: TeacherBlobs,
  { blobs, cache, folder }: { readonly blobs: Blobs; readonly cache: BlobCache; readonly folder: string },
): Promise<string> {
  const dir = join(folder, `${teacher.architecture.slice(0, 16)}-${teacher.weights.slice(0, 16)}`);
  fs.mkdirSync(dir, { recursive: true });
  // Weights first: a folder with an architecture.json is complete.
  for (const key of ['weights', 'architecture'] as const) {
    writeFileAtomic(join(dir, FILES[key]), await cache.get(teacher[key], blobs));
  }
  return dir;
}
