/// <reference lib="dom" />
import type { Page } from 'playwright-core';
import { launchChromium } from '../../test/support/chromium.ts';

/** Frames of a page, and what its main thread has worked: processor time, so that a busy machine changes little. */
export interface Frames {
  readonly perSecond: number;
  /** Of the time between two frames, the 95th percentile. */
  readonly p95Millis: number;
  /** Milliseconds of processor time in a second. */
  readonly busyMillis: number;
}

const SIZE = { width: 1400, height: 1000 };
/** What a change of the view leads to is over by then. */
const SETTLE_MILLIS = 1_500;

/** The live page in headless Chromium, drawn by software. */
export class MeasuredPage implements AsyncDisposable {
  readonly page: Page;
  /** From the navigation until the first chart is there. */
  readonly firstChartMillis: number;

  private constructor(page: Page, firstChartMillis: number) {
    this.page = page;
    this.firstChartMillis = firstChartMillis;
  }

  static async open(url: string): Promise<MeasuredPage> {
    const browser = await launchChromium();
    const page = await browser.newPage({ viewport: SIZE });
    await page.goto(url);
    const handle = await page.waitForFunction(() => {
      const { charts = {} } = Reflect.get(window, 'signalOtelLive') ?? {};
      return Object.keys(charts).length > 0 && performance.now();
    });
    return new MeasuredPage(page, Number(await handle.jsonValue()));
  }

  async frames(seconds: number): Promise<Frames> {
    await this.page.waitForTimeout(SETTLE_MILLIS);
    const session = await this.page.context().newCDPSession(this.page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const busySeconds = async () => {
      const { metrics } = await session.send('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN;
    };
    const before = await busySeconds();
    const gaps = await this.page.evaluate(
      (limit) =>
        new Promise<number[]>((resolve) => {
          const found: number[] = [];
          const started = performance.now();
          let last = started;
          const frame = () => {
            const now = performance.now();
            found.push(now - last);
            last = now;
            if (now - started < limit) requestAnimationFrame(frame);
            else resolve(found);
          };
          requestAnimationFrame(frame);
        }),
      seconds * 1_000,
    );
    const busy = (await busySeconds()) - before;
    await session.detach();
    const total = gaps.reduce((sum, gap) => sum + gap, 0) / 1_000;
    const sorted = gaps.toSorted((a, b) => a - b);
    return {
      perSecond: gaps.length / total,
      p95Millis: sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN,
      busyMillis: (busy * 1_000) / total,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().browser()?.close();
  }
}
