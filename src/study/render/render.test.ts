/** Sentences and tables of the section, from journals that were made up so that the right answer is known. */
import { describe, expect, test } from 'vitest';
import type { Figures } from '../figures.ts';
import type { CellLine, StartLine, StudyLine } from '../journal.ts';
import { FULL } from '../settings.ts';
import { withSection } from './document.ts';
import { atLeast } from './expectations.ts';
import { renderStudy } from './render.ts';

const origin = {
  version: '0.0.0',
  commit: 'abcdef0123',
  machine: { processor: 'P', cores: 2, memoryGiB: 8, system: 's', node: '20', backend: 'reference' },
  at: '2026-01-01T00:00:00.000Z',
};
const start: StartLine = { type: 'start', command: 'npm run study -- images', settings: FULL, ...origin };

function line(id: string, seed: number, figures: Figures | { kind: 'failure'; text: string }): CellLine {
  return {
    ...{ type: 'cell', id, hash: 'h', part: 'sharing', set: 'cifar10', seed, figures },
    ...{ seconds: 60, work: 60, resumed: false },
    ...origin,
  };
}

const score = (genotype: string, accuracy: number, loss = 1) => ({ genotype, accuracy, loss });

function supernet(scheme: string, seed: number, accuracy: number, ranked: readonly number[] = []): CellLine {
  return line(`${scheme}/${seed}`, seed, {
    ...{ kind: 'supernet', scheme, length: 'short', operators: 'all', epochs: 8 },
    params: scheme === 'none' ? 200_000 : 80_000,
    paramsUnshared: 200_000,
    random: [score('a', accuracy - 0.01), score('b', accuracy + 0.01)],
    pure: { 'all-conv': score('c', accuracy) },
    ranked: ranked.map((loss, i) => score(`p${i}`, 0.5, loss)),
    scales: { low: 3, high: 8 },
    fits: [
      { weights: 'shared', tensors: 4, laplacian: 1, gaussLogLikelihood: 0.5, laplaceLogLikelihood: 0.4 },
    ],
  });
}

function network(name: string, seed: number, accuracy: number): CellLine {
  return line(`${name}/${seed}`, seed, {
    ...{ kind: 'network', network: name, genotype: '1-1:c|c', epochs: 3 },
    ...{ validation: { accuracy, loss: 1 }, test: { accuracy, loss: 1 } },
    ...{ params: 1e5, macs: 1e6, energyMj: 0.4, energyMj8: 0.1, latencyMs: 0.2 },
    ...{ scales: name === 'all-add' ? { low: 2, high: 6 } : null, fits: [] },
  });
}

function truth(seed: number, losses: readonly number[]): CellLine {
  const paths = losses.map((loss, i) => ({ ...score(`p${i}`, 0.5, loss), energyMj: i + 1 }));
  return line(`truth/${seed}`, seed, { kind: 'truth', epochs: 3, paths });
}

const section = (...cells: readonly CellLine[]) => renderStudy([start, ...cells]);

test('a journal without cells says so', () => {
  expect(renderStudy([start])).toContain('Nothing is finished yet');
});

describe('sharing against no sharing', () => {
  const pairs = (...differences: readonly number[]) =>
    differences.flatMap((difference, seed) => [
      supernet('none', seed, 0.5),
      supernet('q-affine-moments', seed, 0.5 + difference / 100),
    ]);

  test('clearly above: holds, with the differences seed by seed, the share saved and the scale at its bound', () => {
    const text = section(...pairs(2, 2.2));
    expect(text).toContain('**holds**: 8 epochs: sharing all three families');
    expect(text).toContain('+2.10 points (seeds: +2.00, +2.20; standard error 0.10)');
    expect(text).toContain('**holds**: 60.0 % fewer parameters');
    expect(text).toContain(
      '**does not hold**: 8 epochs: the scale of the adders does not run away: it ends at 3.00 to 8.00, which is its upper bound.',
    );
    expect(text).toContain('CIFAR-10: **not tested**: long training.');
  });

  test('clearly below: does not hold; within the noise or with one seed: not decided', () => {
    expect(section(...pairs(-2, -2.2))).toContain('**does not hold**: 8 epochs');
    expect(section(...pairs(2, -1.8))).toContain('**not decided**: 8 epochs');
    expect(section(...pairs(2))).toContain('**not decided**: 8 epochs');
  });

  test('seeds that only one side has are left out of the difference', () => {
    const text = section(...pairs(1, 1.2), supernet('none', 7, 0.9));
    expect(text).toContain('+1.10 points (seeds: +1.00, +1.20;');
  });

  test('the table shows mean and deviation over seeds', () => {
    expect(section(...pairs(2, 4))).toMatch(
      /\| conv\+add\+shift \(Q\), affine, moments per operator \| 8 \| 2 \| 80\.0 k \| 53\.00 ± 1\.41 % \|/,
    );
  });
});

describe('rank correlation', () => {
  const order = [1, 2, 3, 4, 5, 6];

  test('the same order holds, the reverse does not, and noise that is larger than the paths decides nothing', () => {
    const known = [
      truth(0, order),
      truth(
        1,
        order.map((loss) => loss + 0.01),
      ),
    ];
    expect(section(supernet('q-affine-moments', 0, 0.5, order), ...known)).toContain(
      '**holds**: 8 epochs: tau 1.00',
    );
    const reverse = [...order].reverse();
    expect(section(supernet('q-affine-moments', 0, 0.5, reverse), ...known)).toContain(
      '**does not hold**: 8 epochs: tau -1.00',
    );
    const noise = [truth(0, [1, 3, 1, 3, 1, 3]), truth(1, [3.1, 1, 3, 1, 3, 1])];
    expect(section(supernet('q-affine-moments', 0, 0.5, order), ...noise)).toContain(
      'there is no order to find',
    );
  });

  test('pairs that seeds cannot tell apart decide nothing', () => {
    const close = [1, 1.001, 3, 4, 5, 6];
    const known = [
      truth(0, close),
      truth(
        1,
        close.map((loss, i) => loss + (i % 2 === 0 ? -0.01 : 0.01)),
      ),
    ];
    const text = section(supernet('q-affine-moments', 0, 0.5, [2, 1, 3, 4, 5, 6]), ...known);
    expect(text).toContain('**holds**: 8 epochs: tau 1.00 (95 %: 1.00 to 1.00) over the 14 of 15 pairs');
    expect(text).toContain('Over all 6 paths tau is 0.87');
  });

  test('without a second seed nothing is decided', () => {
    const text = section(supernet('q-affine-moments', 0, 0.5, order), truth(0, order));
    expect(text).toContain('**not decided**: 8 epochs: over all 6 paths tau is 1.00');
    expect(text).toContain('no path has a second seed');
  });
});

test('all-add is compared with all-conv seed by seed against three points', () => {
  const with_ = (...gaps: readonly number[]) =>
    section(
      ...gaps.flatMap((gap, seed) => [
        network('all-conv', seed, 0.7),
        network('all-add', seed, 0.7 - gap / 100),
      ]),
    );
  expect(with_(1, 1.2)).toContain(
    '**holds**: all-add minus all-conv on the test set after 3 epochs: -1.10 points',
  );
  expect(with_(5, 5.2)).toContain('**does not hold**: all-add');
  expect(with_(2.9, 3.2)).toContain('**not decided**: all-add');
  expect(with_(1, 1.2)).toContain(
    '| all-add | 2 | 68.90 ± 0.14 % | 68.90 ± 0.14 % | 0.4000 | 0.1000 | 0.10 M |',
  );
});

test('a bound is decided at two standard errors', () => {
  expect(atLeast([], 0)).toBe('not tested');
  expect(atLeast([1, 1.1, 0.9], 0)).toBe('holds');
  expect(atLeast([-1, -1.1, -0.9], 0)).toBe('does not hold');
  expect(atLeast([1, -1], 0)).toBe('not decided');
});

test('the newest line of a cell counts, and failures are named', () => {
  const text = section(
    network('all-conv', 0, 0.1),
    network('all-conv', 0, 0.8),
    line('x', 0, { kind: 'failure', text: 'the loss must be a finite number' }),
  );
  expect(text).toContain('| all-conv | 1 | 80.00 % |');
  expect(text).toContain('- `x`: the loss must be a finite number');
});

test('the winner of a scheme stands in its row, with what it costs at both widths, and its weights below', () => {
  const winner = line('winner', 0, {
    ...{ kind: 'winner', scheme: 'none', length: 'short', operators: 'all', genotype: '1-1:c|d', epochs: 3 },
    ...{ validation: { accuracy: 0.7, loss: 1 }, test: { accuracy: 0.6, loss: 1 }, evaluated: 96 },
    ...{ supernet: { accuracy: 0.5, loss: 1 }, limitMj: 1, scales: null },
    ...{ params: 1e5, macs: 1e6, energyMj: 0.4, energyMj8: 0.1, latencyMs: 0.2 },
    fits: [{ weights: 'add', tensors: 2, laplacian: 2, gaussLogLikelihood: 0.5, laplaceLogLikelihood: 0.6 }],
  });
  const text = section(supernet('none', 0, 0.5), winner);
  expect(text).toContain('`1-1:c\\|d` | 60.00 % | 0.4000 | 0.1000 |');
  expect(text).toContain('| winner: nothing shared | add | 1 | 0.500 | 0.600 | +0.100 | 2 of 2 |');
});

test('weights show both likelihoods and how many tensors a Laplacian fits better', () => {
  expect(section(supernet('none', 0, 0.5))).toContain('| shared | 1 | 0.500 | 0.400 | -0.100 | 1 of 4 |');
});

describe('a document with the section', () => {
  test('keeps what stands around it, and writing again changes nothing', () => {
    const first = withSection('# Results\n\nBefore.\n', 'one\n');
    const around = `${first}\nAfter.\n`;
    const second = withSection(around, 'two\n');
    expect(second).toBe(around.replace('one', 'two'));
    expect(second).toMatch(/^# Results\n\nBefore\.\n\n<!-- study: .*\ntwo\n<!-- .*-->\n\nAfter\.\n$/);
    expect(withSection(second, 'two\n')).toBe(second);
  });

  test('a section may hold characters that replacement patterns use', () => {
    expect(withSection(withSection('', 'a\n'), "$& $' $1\n")).toContain("$& $' $1");
  });
});

test('lines of other kinds do no harm', () => {
  const lines: StudyLine[] = [start, start, network('all-conv', 0, 0.5), start];
  expect(renderStudy(lines)).toContain('all-conv');
});
