// docs/report.png: the top of a run's report.html as a reader sees it, photographed in headless Chromium.
//
//   node scripts/report-picture.mjs RUN [PICTURE]
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { root } from './setup.mjs';

const WIDTH = 1100;
const [run, picture = join(root, 'docs', 'report.png')] = process.argv.slice(2);
if (run === undefined) {
  console.error('report-picture needs the folder of a run: node scripts/report-picture.mjs runs/NAME');
  process.exit(2);
}
const executablePath = process.env.SHIFTADDNAS_CHROMIUM ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  const page = await browser.newPage({ viewport: { width: WIDTH, height: 1000 } });
  await page.goto(pathToFileURL(join(resolve(run), 'report.html')).href);
  // Headline, accuracy against energy, the winner drawn: everything above the table of networks.
  const table = await page.locator('#networks').boundingBox();
  const height = Math.floor(table?.y ?? 1600) - 16;
  await page.screenshot({ path: picture, fullPage: true, clip: { x: 0, y: 0, width: WIDTH, height } });
} finally {
  await browser.close();
}
