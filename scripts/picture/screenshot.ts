import { chromium } from 'playwright-core';
import { type Binary, requireBinary } from '../../test/support/binaries.ts';

export const chromiumBinary: Binary = {
  title: 'Chromium',
  variable: 'CHROMIUM',
  namesOnPath: ['chromium', 'chromium-browser', 'google-chrome'],
  nameInCache: 'chromium',
  fits: () => true,
  remedy: "the package `chromium` of Debian or Ubuntu (`apt-get install chromium`), or Chrome's path in CHROMIUM",
};

/** Opens the page in headless Chromium and writes all of it as a PNG. */
export async function takeScreenshot(html: string, file: string, width: number): Promise<void> {
  const browser = await chromium.launch({
    executablePath: requireBinary(chromiumBinary),
    // Chromium refuses its sandbox to root, and the page is our own.
    chromiumSandbox: false,
  });
  try {
    const page = await browser.newPage({ viewport: { width, height: 800 } });
    const problems: string[] = [];
    page.on('pageerror', ({ message }) => problems.push(message));
    await page.setContent(html);
    await page.screenshot({ path: file, fullPage: true });
    if (problems.length > 0) throw new Error(`The page has failed: ${problems.join('; ')}`);
  } finally {
    await browser.close();
  }
}
