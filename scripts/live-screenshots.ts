/** Pictures of the live page during a run of the example, light and dark: `node scripts/live-screenshots.ts`, after a build. */
import { mkdirSync } from 'node:fs';
import { openPage } from '../test/browser/browser.ts';
import { startNode } from '../test/support/child.ts';
import { startTrainingServer } from '../test/support/training-server.ts';

const SIZE = { width: 1280, height: 1000 };

await using server = await startTrainingServer();
const script = ['--require', 'signal-otel/register', 'examples/plain.ts', '--url', server.url];
await using driver = await startNode([...script, '--target-reward', '201', '--diverge', '200:240'], {
  env: { SIGNAL_LIVE: '1', SIGNAL_LIVE_PORT: '0', SIGNAL_API_KEY: 'sk-local' },
});
const [, url = ''] = await driver.waitForOutput(/live page at (\S+)/);
mkdirSync('docs', { recursive: true });
await using light = await openPage(url, { ...SIZE, scheme: 'light' });
await using dark = await openPage(url, { ...SIZE, scheme: 'dark' });
// The alarm holds for some steps after its cause is gone: it is in the picture, with what the run did before and after.
await light.page
  .locator('#runs')
  .getByRole('button', { name: /^Critical: KL/ })
  .waitFor({ timeout: 120_000 });
for (const [name, { page }] of [
  ['light', light],
  ['dark', dark],
] as const) {
  const chart = page.getByRole('group', { name: /^KL divergence/ });
  await chart.hover({ position: { x: 330, y: 60 } });
  await page.screenshot({ path: `docs/live-${name}.png` });
  console.log(`wrote docs/live-${name}.png`);
}
