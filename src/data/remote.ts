/** Where the originals are published, and the checksums their publishers give. */

export interface RemoteFile {
  readonly name: string;
  /** Tried in order. */
  readonly urls: readonly string[];
  readonly digest: { readonly algorithm: 'md5' | 'sha256'; readonly hex: string };
  /** Names of the files to take out of an archive (.tar, .tgz), by their last part; absent: it is used as it is. */
  readonly members?: readonly string[];
}

export interface RemoteSet {
  /** Also the name of its folder in the cache. */
  readonly name: string;
  readonly files: readonly RemoteFile[];
}

function idxSet(
  name: string,
  bases: readonly string[],
  md5: readonly [string, string, string, string],
): RemoteSet {
  const files = ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'];
  return {
    name,
    files: files.map((stem, i) => ({
      name: `${stem}-ubyte.gz`,
      urls: bases.map((base) => `${base}${stem}-ubyte.gz`),
      digest: { algorithm: 'md5', hex: md5[i] },
    })),
  };
}

/** Checksums: README of zalandoresearch/fashion-mnist. */
export const FASHION_MNIST = idxSet(
  'fashion-mnist',
  ['http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/'],
  [
    '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
    '25c81989df183df01b3e8a0aad5dffbe',
    'bef4ecab320f06d8554ea6380940ec79',
    'bb300cfdad3c16e7a12a480ee83cd310',
  ],
);

/** Checksums and address of the mirror: torchvision/datasets/mnist.py. */
export const MNIST = idxSet(
  'mnist',
  ['https://ossci-datasets.s3.amazonaws.com/mnist/'],
  [
    'f68b3c2dcbeaaa9fbdd348bbdeb94873',
    'd53e105ee54ea40749a09fcbcd1e9432',
    '9fb629c4189551a2d022fa330f9573f3',
    'ec29112dd5afa0611ce80d1b7f02629c',
  ],
);

/** Checksums: torchvision/datasets/mnist.py. */
export const KMNIST = idxSet(
  'kmnist',
  ['http://codh.rois.ac.jp/kmnist/dataset/kmnist/'],
  [
    'bdb82020997e1d708af4cf47b453dcf7',
    'e144d726b3acfaa3e44228e80efcd344',
    '5c965bf0a639b31b8f53240b1b52f4d7',
    '7320c461ea6c1c855c0b718fb2a4b134',
  ],
);

/** Checksums of the binary versions: the publisher's page, www.cs.toronto.edu/~kriz/cifar.html. */
export const CIFAR10_ARCHIVE: RemoteSet = {
  name: 'cifar10',
  files: [
    {
      name: 'cifar-10-binary.tar.gz',
      urls: ['https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz'],
      digest: { algorithm: 'md5', hex: 'c32a1d4ab5d03f1284b67883e8d87530' },
      members: [...[1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`), 'test_batch.bin'],
    },
  ],
};

export const CIFAR100_ARCHIVE: RemoteSet = {
  name: 'cifar100',
  files: [
    {
      name: 'cifar-100-binary.tar.gz',
      urls: ['https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz'],
      digest: { algorithm: 'md5', hex: '03b5dce01913d631647c71ecec9e9cb8' },
      members: ['train.bin', 'test.bin'],
    },
  ],
};
