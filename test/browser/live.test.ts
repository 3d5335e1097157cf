import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startNode } from '../support/child.ts';
import { startOtlpServer } from '../support/otlp-server.ts';
import { decodeOtlpMetrics } from '../support/otlp-wire.ts';
import { freePort } from '../support/ports.ts';
import { startTrainingServer } from '../support/training-server.ts';
import { openPage } from './browser.ts';
import { columns, expectAccessible, linePixels, pageUrl, waitForPoints } from './live-page.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const LOSS = 'signal.training.loss';
const KL = 'signal.rl.kl_divergence';

const live = { SIGNAL_LIVE: '1', SIGNAL_LIVE_PORT: '0' };

function startRuns(env: Readonly<Record<string, string>> = {}) {
  return startNode(['--require', 'signal-otel/register', 'test/browser/apps/runs.mjs'], {
    cwd: root,
    env: { ...live, ...env },
  });
}

describe('the live page', () => {
  it('shows a real run: true values, an alarm that comes and goes, history after a reload', {
    timeout: 180_000,
  }, async () => {
    await using server = await startTrainingServer();
    await using receiver = await startOtlpServer();
    const script = ['--require', 'signal-otel/register', 'examples/train.ts', '--url', server.url];
    const endless = ['--steps', '100000', '--target-reward', '201', '--diverge', '64:96'];
    // The training waits until the page is there: its alarm lasts for less than a second.
    server.hold();
    await using driver = await startNode([...script, ...endless], {
      cwd: root,
      env: {
        ...live,
        SIGNAL_API_KEY: 'sk-test',
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_METRIC_EXPORT_INTERVAL: '200',
        SIGNAL_STEP_RESOLUTION: 'all',
      },
    });
    await using opened = await openPage(await pageUrl(driver));
    const { page, complaints, outside } = opened;
    await page.getByText('No run yet').waitFor();
    server.goOn();

    await waitForPoints(page, LOSS, 20);
    expect(await linePixels(page, LOSS)).toBeGreaterThan(50);
    expect(await page.locator('#connection').textContent()).toBe('Live');

    const alarm = page.locator('#runs').getByRole('button', { name: /^Critical: KL divergence/ });
    const events = page.getByRole('region', { name: 'Events' });
    await alarm.waitFor({ timeout: 60_000 });
    server.hold();
    await alarm.focus();
    expect(await page.getByRole('tooltip', { name: /moves too fast/ }).isVisible()).toBe(true);
    await expectAccessible(page);
    server.goOn();
    await events.getByRole('button', { name: /^Recovered: KL divergence/ }).waitFor({ timeout: 60_000 });
    await alarm.waitFor({ state: 'detached' });
    expect(await events.getByRole('button', { name: /^Critical: KL divergence/ }).count()).toBe(1);

    await waitForPoints(page, LOSS, 120, 60_000);
    const [steps = [], losses = []] = await columns(page, LOSS);
    expect(steps).toEqual(steps.map((_, index) => index));
    const sent = () =>
      receiver.requests
        .filter(({ path }) => path === '/v1/metrics')
        .flatMap(({ body }) => decodeOtlpMetrics(body).series.filter(({ metric }) => metric === LOSS))
        .flatMap(({ points }) => points.map(({ value }) => Number(value.toPrecision(7))));
    await expect.poll(() => sent().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(losses.length);
    expect(losses).toEqual(sent().slice(0, losses.length));

    await page.reload();
    await waitForPoints(page, LOSS, losses.length);
    const [stepsAgain = [], lossesAgain = []] = await columns(page, LOSS);
    expect(stepsAgain.slice(0, steps.length)).toEqual(steps);
    expect(lossesAgain.slice(0, losses.length)).toEqual(losses);

    await waitForPoints(page, KL, 2);
    await page.getByRole('radio', { name: 'Time' }).check();
    await expect.poll(async () => (await columns(page, KL))[0]?.[1]).not.toBe(1);
    const [seconds = []] = await columns(page, KL);
    expect(seconds[0]).toBeLessThan(1);
    expect(seconds.at(-1)).toBeGreaterThan(1);
    expect(seconds.at(-1)).toBeLessThan(180);

    await page.setViewportSize({ width: 390, height: 844 });
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await expectAccessible(page);
    await page.emulateMedia({ colorScheme: 'dark' });
    await expectAccessible(page);
    expect([complaints, outside]).toEqual([[], []]);

    // A page that is open does not hold the process.
    const exit = await driver.stop();
    expect(exit.signal).toBe('SIGTERM');
    await page.getByText('Connection lost').waitFor();
    expect((await columns(page, LOSS))[0]?.length).toBeGreaterThanOrEqual(losses.length);
  });

  it('overlays runs, chooses among them, marks what is no number and what happened', async () => {
    await using app = await startRuns();
    await using opened = await openPage(await pageUrl(app));
    const { page, complaints } = opened;
    await page.getByText('No run yet').waitFor();
    await expectAccessible(page);

    app.endInput('go\n');
    await waitForPoints(page, LOSS, 60);
    const [, steady = [], broken = []] = await columns(page, LOSS);
    expect(steady).toEqual(steady.map((_, index) => Number((2 / (index + 1)).toPrecision(7))));
    expect(broken[29]).toBeNull();
    expect(broken[30]).toBe(Number((4 / 31).toPrecision(7)));
    await page.getByRole('button', { name: 'Milestone' }).waitFor();
    await page.getByRole('button', { name: 'Critical: KL divergence 0.2' }).first().waitFor();
    expect((await columns(page, 'signal.rl.reward_mean')).length).toBeLessThanOrEqual(3);

    // By the keyboard: the cursor of every chart goes to the first step.
    const lossChart = page.getByRole('group', { name: /^Training loss/ });
    await lossChart.focus();
    await page.keyboard.press('Home');
    const valuesOf = (title: string) =>
      page
        .getByRole('article')
        .filter({ has: page.getByRole('heading', { name: title }) })
        .locator('.value')
        .allTextContents();
    expect(await valuesOf('Training loss')).toEqual(['2', '4']);
    expect(await valuesOf('KL divergence')).toEqual(['0.01', '0.01']);
    expect(await page.locator('.note:visible').first().textContent()).toBe('step 1');
    await page.keyboard.press('ArrowRight');
    expect(await valuesOf('Training loss')).toEqual(['1', '2']);

    // By the mouse: over one chart, the values of all others are of the same place.
    const box = await page.getByRole('group', { name: /^KL divergence/ }).boundingBox();
    if (box === null) throw new Error('no chart of the KL divergence');
    await page.mouse.move(box.x + box.width - 14, box.y + 60);
    await expect.poll(() => valuesOf('Training loss')).toEqual(['0.03333', '0.06667']);

    await page.getByRole('checkbox', { name: 'run_broken' }).uncheck();
    await expect.poll(async () => (await columns(page, LOSS)).length).toBe(2);
    expect(await page.getByRole('cell', { name: 'run_broken' }).count()).toBe(0);
    await page.reload();
    await waitForPoints(page, LOSS, 60);
    expect((await columns(page, LOSS)).length).toBe(2);

    await page.getByRole('slider', { name: /^Smoothing/ }).fill('0.9');
    await expect.poll(async () => (await columns(page, LOSS))[1]?.[59]).toBeGreaterThan(0.04);
    await page.getByRole('heading', { name: 'signal.training.perplexity' }).scrollIntoViewIfNeeded();
    await page.waitForFunction(() => window.signalOtelLive?.charts['signal.training.perplexity'] !== undefined);
    expect(complaints).toEqual([]);
  });

  it('says that the connection is lost, and goes on by itself with the process that comes next', async () => {
    const port = await freePort();
    const start = () => startRuns({ SIGNAL_LIVE_PORT: String(port) });
    await using first = await start();
    await using opened = await openPage(await pageUrl(first));
    const { page } = opened;
    first.endInput('go\n');
    await waitForPoints(page, LOSS, 60);
    await first.stop();
    await page.getByText(/^Connection lost/).waitFor();
    expect((await columns(page, LOSS))[0]).toHaveLength(60);

    await using second = await start();
    await page.getByText('Live', { exact: true }).waitFor({ timeout: 20_000 });
    await page.getByText('No run yet').waitFor();
    second.endInput('go\n');
    await page.getByRole('checkbox', { name: 'run_steady' }).waitFor();
    expect((await columns(page, LOSS))[0]).toHaveLength(60);
  });

  it('shows a part of the axis, in every chart, until all of it is asked for', async () => {
    await using app = await startRuns();
    await using opened = await openPage(await pageUrl(app));
    const { page, complaints } = opened;
    app.endInput('go\n');
    await waitForPoints(page, LOSS, 60);
    const range = (metric: string) =>
      page.evaluate((name) => {
        const { min, max } = window.signalOtelLive?.charts[name]?.scales.x ?? {};
        return [min, max];
      }, metric);
    expect(await range(LOSS)).toEqual([1, 60]);
    const box = await page.getByRole('group', { name: /^Training loss/ }).boundingBox();
    if (box === null) throw new Error('no chart of the loss');
    await page.mouse.move(box.x + 200, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 400, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => range(LOSS)).not.toEqual([1, 60]);
    const [from = 0, to = 0] = await range(LOSS);
    expect(from).toBeGreaterThan(10);
    expect(to).toBeLessThan(50);
    await expect.poll(() => range(KL)).toEqual([from, to]);
    await page.getByRole('button', { name: 'Show all' }).click();
    await expect.poll(() => range(KL)).toEqual([1, 60]);
    expect(complaints).toEqual([]);
  });
});
