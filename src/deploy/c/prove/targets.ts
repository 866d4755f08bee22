/** Compilers that may be there: this machine's own, and one for Cortex-M with a machine of qemu that runs what it makes. */
import { spawnSync } from 'node:child_process';

export interface Target {
  /** What it compiles for, as people say it. */
  readonly name: string;
  readonly compiler: string;
  readonly flags: readonly string[];
  readonly objdump: string;
  readonly size: string;
}

/** Whether a command can be started and says who it is. */
export const isThere = (command: string): boolean =>
  spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'x86-64', arm64: 'AArch64' };

/** $CC, or the first of cc, gcc and clang that is there. */
export function hostTarget(): Target | undefined {
  const named = process.env.CC;
  const compiler = (named === undefined || named === '' ? ['cc', 'gcc', 'clang'] : [named]).find(isThere);
  if (compiler === undefined) return undefined;
  const name = ARCHITECTURES[process.arch] ?? process.arch;
  return { name, compiler, flags: [], objdump: 'objdump', size: 'size' };
}

export const NO_HOST =
  'no C compiler was found (cc, gcc or clang, or what CC names), so the program was not compiled and nothing is proved; `apt-get install gcc` brings one';

const ARM = 'arm-none-eabi-';

/** A Cortex-M4 without its floating point unit. */
export function cortexTarget(): Target | undefined {
  const compiler = `${ARM}gcc`;
  if (!isThere(compiler)) return undefined;
  return {
    name: 'Cortex-M4',
    compiler,
    flags: ['-mcpu=cortex-m4', '-mthumb', '-mfloat-abi=soft', '-ffreestanding'],
    objdump: `${ARM}objdump`,
    size: `${ARM}size`,
  };
}

export const NO_CORTEX =
  'arm-none-eabi-gcc is not installed, so the program was not compiled for Cortex-M; `apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi` brings it';

export const QEMU = 'qemu-system-arm';
export const NO_QEMU =
  'qemu-system-arm is not installed, so the program was compiled for Cortex-M4 but not run there; `apt-get install qemu-system-arm` brings it';

export const TOO_LARGE =
  'the program needs more memory than the Cortex-M4 that qemu emulates has (4 MiB, and 16 MiB for constants), so it was compiled for it but not run';
