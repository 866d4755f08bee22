/**
 * A GPU for tests: the machine's own where it has one, else SwiftShader, a program that plays one, out of Debian's
 * chromium package. Where neither is there, a reason instead.
 */
import fs from 'node:fs';
import os from 'node:os';
import { ShiftAddError } from '../../core/errors.ts';
import type { Backend } from '../backend.ts';
import { createWebGpu } from '../webgpu/webgpu.ts';

const CHROMIUM = '/usr/lib/chromium';
/** Keeps a library that is no addon in the process; not named by Node. */
const RTLD_NODELETE = 0x1000;

export interface TestGpu {
  readonly present: boolean;
  /** What it is, or why it is not there. */
  readonly reason: string;
  /** How --device names it; undefined for the machine's own. */
  readonly device: string | undefined;
  open(): Promise<Backend>;
}

/** Looks for a GPU, and changes this process so that SwiftShader is found where there is none. */
export async function testGpu(): Promise<TestGpu> {
  try {
    return await opened(undefined);
  } catch (error) {
    if (!(error instanceof ShiftAddError && error.code === 'missing')) throw error;
  }
  const driver = `${CHROMIUM}/vk_swiftshader_icd.json`;
  if (fs.existsSync(driver)) {
    process.env.VK_ICD_FILENAMES ??= driver;
    loadVulkan();
  }
  try {
    return await opened('SwiftShader');
  } catch (error) {
    if (!(error instanceof ShiftAddError && error.code === 'missing')) throw error;
    const open = () => Promise.reject(error);
    return { present: false, reason: error.message, device: undefined, open };
  }
}

async function opened(device: string | undefined): Promise<TestGpu> {
  const open = () => createWebGpu(device === undefined ? {} : { device });
  const backend = await open();
  const reason = backend.description;
  backend.dispose();
  return { present: true, reason, device, open };
}

/** Chromium's Vulkan loader, for a system that has none of its own: Dawn finds what the process has loaded already. */
function loadVulkan(): void {
  const { RTLD_NOW, RTLD_GLOBAL } = os.constants.dlopen;
  try {
    process.dlopen({ exports: {} }, `${CHROMIUM}/libvulkan.so.1`, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
  } catch {
    // It is no addon, as Node says; it stays loaded all the same.
  }
}
