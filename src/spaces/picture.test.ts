import { describe, expect, test } from 'vitest';
import { drawSpace } from './picture.ts';
import { spacePreset, spacePresetNames, tiny } from './presets.ts';
import { parseSpace } from './schema.ts';

describe('the picture of a space', () => {
  test.each(spacePresetNames())(
    '%s is well-formed, refers to nothing outside and has no missing number',
    (name) => {
      const svg = drawSpace(spacePreset(name));
      expect(svg).not.toMatch(/NaN|undefined|Infinity|\[object|url\(|@import|href/);
      const open: string[] = [];
      for (const [, close, tag, rest] of svg.matchAll(/<(\/?)([a-z]+)([^>]*)>/g)) {
        if (close === '/') expect(open.pop()).toBe(tag);
        else if (!rest.endsWith('/')) open.push(tag);
      }
      expect(open).toEqual([]);
    },
  );

  test('shows the exact count, every tuple with its networks, and the operators of every stage', () => {
    const svg = drawSpace(spacePreset('hytra'));
    expect(svg).toContain('198,955,008 architectures of 16 layers, in 19 tuples');
    expect(svg).toContain('26,873,856 · 13.5 %');
    expect(svg.match(/class="bar"/g)).toHaveLength(19);
    expect(svg.match(/class="(conv|add|shift|attention)"/g)).toHaveLength(3 + 3 + 4 + 2);
  });

  test('says ties and exclusions, and draws a space beyond 2^53', () => {
    const svg = drawSpace(
      parseSpace({
        ...tiny(),
        name: 'deep',
        stageLengths: [[1, 40]],
        reference: [1, 40],
        exclusions: [{ inARow: ['attention', 'attention'] }],
      }),
    );
    expect(svg).toContain('no network has attention, attention in a row');
    expect(svg).toMatch(/\d\.\d\de\+\d\d · 100\.0 %/);
  });

  test('draws the largest tuples of a space with many, and counts the rest', () => {
    const many = { ...tiny(), name: 'many', stageLengths: { low: [1, 1], high: [9, 9] }, reference: [1, 1] };
    const svg = drawSpace(parseSpace(many));
    expect(svg.match(/class="bar"/g)).toHaveLength(30);
    expect(svg).toContain('and 51 smaller tuples');
  });
});
