/**
 * What layers are called in PyTorch. ResNets and MobileNetV2 have the names of torchvision, so that its checkpoints and
 * those of everybody who kept to them fit; all other networks keep their own names (docs/export.md lists both).
 *
 *   stem.conv                  conv1                   features.0.0
 *   stem.norm                  bn1                     features.0.1
 *   stage2.block1.conv1        layer2.0.conv1
 *   stage2.block1.norm1        layer2.0.bn1
 *   stage2.block1.shortcut     layer2.0.downsample.0
 *   stage2.block1.expand                               features.2.conv.0.0
 *   head.class                 fc                      classifier.1
 */
export type Naming = (layer: string) => string;

/** The names of the layers of a network whose name in the zoo, without variant and width, is `base`. */
export function namingOf(base: string | undefined, layers: Iterable<string>): Naming {
  if (base === undefined) return (layer) => layer;
  if (base.startsWith('resnet-')) return residual;
  return base.startsWith('mobilenet-') ? inverted(layers) : (layer) => layer;
}

/** Each pattern with what a matching start of a name becomes; `stage2.block1` is `layer2.0`. */
const RESIDUAL: readonly (readonly [RegExp, string])[] = [
  [/^stem\.conv\b/, 'conv1'],
  [/^stem\.norm\b/, 'bn1'],
  [/^head\.class\b/, 'fc'],
  [/\.norm(?=\d)/, '.bn'],
  [/\.shortcut\.norm\b/, '.downsample.1'],
  [/\.shortcut\b/, '.downsample.0'],
];

function residual(layer: string): string {
  const placed = layer.replace(
    /^stage(\d+)\.block(\d+)/,
    (_, stage: string, block: string) => `layer${stage}.${Number(block) - 1}`,
  );
  return RESIDUAL.reduce((name, [pattern, rest]) => name.replace(pattern, rest), placed);
}

const BLOCK = /^stage\d+\.block\d+(?=\.)/;
/** Parts of an inverted residual with an expansion, and of the first one, which has none. */
const EXPANDED: Readonly<Record<string, string>> = {
  ...{ expand: '0.0', 'expand.norm': '0.1', depthwise: '1.0', 'depthwise.norm': '1.1' },
  ...{ project: '2', 'project.norm': '3' },
};
const PLAIN: Readonly<Record<string, string>> = {
  ...{ depthwise: '0.0', 'depthwise.norm': '0.1', project: '1', 'project.norm': '2' },
};

/** torchvision numbers the blocks through, from 1; behind them stands the last convolution. */
function inverted(layers: Iterable<string>): Naming {
  const all = [...layers];
  const blocks = [...new Set(all.flatMap((layer) => BLOCK.exec(layer) ?? []))];
  const frame: Readonly<Record<string, string>> = {
    ...{ 'stem.conv': 'features.0.0', 'stem.norm': 'features.0.1', 'head.class': 'classifier.1' },
    ...{ last: `features.${blocks.length + 1}.0`, 'last.norm': `features.${blocks.length + 1}.1` },
  };
  return (layer) => {
    const block = BLOCK.exec(layer)?.[0];
    if (block === undefined) return renamed(layer, frame);
    const parts = all.includes(`${block}.expand.norm`) ? EXPANDED : PLAIN;
    const part = renamed(layer.slice(block.length + 1), parts);
    return `features.${blocks.indexOf(block) + 1}.conv.${part}`;
  };
}

/** A name of the table, or one with an ending (`expand.shift` of a shift-and-add network). */
function renamed(name: string, table: Readonly<Record<string, string>>): string {
  if (Object.hasOwn(table, name)) return table[name];
  const [start, ...rest] = name.split('.');
  return Object.hasOwn(table, start) ? [table[start], ...rest].join('.') : name;
}
