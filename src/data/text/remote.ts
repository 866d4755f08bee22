/**
 * Where the translation sets are published, and their checksums. SHA-256: the lists url_checksums/wmt14_translate.txt
 * and wmt15_translate.txt of TensorFlow Datasets; MD5: sacreBLEU's list of test sets (dataset.py). IWSLT'14 and the
 * preprocessed WMT sets stand on pages that no plain download reaches, or without a checksum of their publisher, and
 * are therefore only read from a folder.
 */
import type { RemoteFile, RemoteSet } from '../remote.ts';

function archive(
  name: string,
  urls: readonly string[],
  [algorithm, hex]: readonly ['md5' | 'sha256', string],
  members: readonly string[],
): RemoteFile {
  return { name, urls, digest: { algorithm, hex }, members };
}

const both = (stem: string, pair: string): string[] =>
  pair.split('-').map((language) => `${stem}.${language}`);

function trainingArchives(pair: string): RemoteFile[] {
  return [
    archive(
      'training-parallel-europarl-v7.tgz',
      ['http://www.statmt.org/wmt13/training-parallel-europarl-v7.tgz'],
      ['sha256', '0224c7c710c8a063dfd893b0cc0830202d61f4c75c17eb8e31836103d27d96e7'],
      both(`europarl-v7.${pair}`, pair),
    ),
    archive(
      'training-parallel-commoncrawl.tgz',
      ['http://www.statmt.org/wmt13/training-parallel-commoncrawl.tgz'],
      ['sha256', 'c7a74e2ea01ac6c920123108627e35278d4ccb5701e15428ffa34de86fa3a9e5'],
      both(`commoncrawl.${pair}`, pair),
    ),
    archive(
      'training-parallel-nc-v9.tgz',
      ['http://www.statmt.org/wmt14/training-parallel-nc-v9.tgz'],
      ['sha256', 'cb8953f292298e6877ae433c98912b927cb0766b303f4540512ddd286c748485'],
      both(`news-commentary-v9.${pair}`, pair),
    ),
  ];
}

/** Sources of the years before 2014 stand in every language; `-src` names them all. */
function earlierTest(year: 2012 | 2013, pair: string, md5: string): RemoteFile {
  const members = pair.split('-').map((language) => `newstest${year}-src.${language}.sgm`);
  const short = year % 100;
  return archive(`wmt${short}-test.tgz`, [`http://statmt.org/wmt${short}/test.tgz`], ['md5', md5], members);
}

function newstest2014(pair: string): RemoteFile {
  const code = pair.replace('-', '');
  const [other, english] = pair.split('-');
  return archive(
    'test-full.tgz',
    ['http://statmt.org/wmt14/test-full.tgz'],
    ['md5', 'a8cd784e006feb32ac6f3d9ec7eb389a'],
    [`newstest2014-${code}-src.${english}.sgm`, `newstest2014-${code}-ref.${other}.sgm`],
  );
}

const NEWSTEST2013 = '48eca5d02f637af44e85186847141f67';
const NEWSTEST2012 = '608232d34ebc4ba2ff70fead45674e47';

export const WMT14_EN_DE_ARCHIVES: RemoteSet = {
  name: 'wmt14-ende',
  files: [...trainingArchives('de-en'), earlierTest(2013, 'de-en', NEWSTEST2013), newstest2014('de-en')],
};

export const WMT14_EN_FR_ARCHIVES: RemoteSet = {
  name: 'wmt14-enfr',
  files: [
    ...trainingArchives('fr-en'),
    archive(
      'training-parallel-un.tgz',
      ['http://www.statmt.org/wmt13/training-parallel-un.tgz'],
      ['sha256', '29141b5c1eba149a94f7a59d3b1a834b2e47fe0f8758d68dcd77a3d3f497ee47'],
      both('undoc.2000.fr-en', 'fr-en'),
    ),
    archive(
      'training-giga-fren.tar',
      ['http://www.statmt.org/wmt10/training-giga-fren.tar'],
      ['sha256', '3ff8319f6919393520559bfbc7ad6a747ec81b3abc7be9993b338d4b017b4d9a'],
      ['giga-fren.release2.fixed.en.gz', 'giga-fren.release2.fixed.fr.gz'],
    ),
    earlierTest(2012, 'fr-en', NEWSTEST2012),
    earlierTest(2013, 'fr-en', NEWSTEST2013),
    newstest2014('fr-en'),
  ],
};
