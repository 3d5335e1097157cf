import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { MetricName } from '../../src/catalogue/index.ts';
import type {} from '../../src/live/page/main.ts';
import type { RunningProcess } from '../support/child.ts';

/** The address of the live page that a process has said. */
export async function pageUrl(process: RunningProcess): Promise<string> {
  const [, url] = await process.waitForOutput(/live page at (http:\/\/127\.0\.0\.1:\d+\/)/);
  if (url === undefined) throw new Error('The process names no live page.');
  return url;
}

/** What a chart draws: the places along its axis, and the values of each line. */
export async function columns(page: Page, metric: MetricName | 'signal.training.perplexity') {
  return page.evaluate((name) => {
    const data = window.signalOtelLive?.charts[name]?.data ?? [[]];
    return data.map((column) => Array.from(column));
  }, metric);
}

export async function waitForPoints(page: Page, metric: MetricName, count: number, timeout = 45_000): Promise<void> {
  await page.waitForFunction(
    ([name, least]) => (window.signalOtelLive?.charts[String(name)]?.data[0].length ?? 0) >= Number(least),
    [metric, count] as const,
    { timeout },
  );
}

/** How many pixels of a chart have the colour of its first line, or nearly so. */
export async function linePixels(page: Page, metric: MetricName): Promise<number> {
  return page.evaluate((name) => {
    const chart = window.signalOtelLive?.charts[name];
    if (chart === undefined) return 0;
    const { width, height } = chart.ctx.canvas;
    const { data } = chart.ctx.getImageData(0, 0, width, height);
    const hex = getComputedStyle(document.documentElement).getPropertyValue('--run-0').trim();
    const wanted = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
      if (wanted.every((part, offset) => Math.abs((data[at + offset] ?? 0) - part) < 40)) count += 1;
    }
    return count;
  }, metric);
}

/** By axe-core, in the page as it is. */
export async function expectAccessible(page: Page): Promise<void> {
  // The page's own policy lets no script in but its files; the browser may run one as a user of its console does.
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { violations } = await Reflect.get(window, 'axe').run(document, { resultTypes: ['violations'] });
    return violations.map(
      ({ id, nodes }: { id: string; nodes: { html: string }[] }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`,
    );
  });
  expect(violations).toEqual([]);
}
