import { afterEach, expect, test, vi } from 'vitest';
import { openBackend } from '../open.ts';
import { loadAddon } from './addon.ts';

afterEach(() => vi.unstubAllEnvs());

test('an instruction set that is none is refused, not answered with WebAssembly', async () => {
  vi.stubEnv('SHIFTADDNAS_ISA', 'nonsense');
  const sentence =
    'SHIFTADDNAS_ISA is "nonsense", which is no instruction set; set it to baseline, avx2 or avx512, or leave it unset for the widest that is here';
  expect(() => loadAddon()).toThrow(sentence);
  await expect(openBackend('auto', { threads: 1 })).rejects.toMatchObject({
    ...{ code: 'usage', message: sentence, fields: { wanted: 'nonsense' } },
  });
});

test('an empty name is none', async () => {
  vi.stubEnv('SHIFTADDNAS_ISA', '');
  const backend = await openBackend('auto', { threads: 1 });
  backend.dispose();
});
