import { launchChromium } from '../../test/support/chromium.ts';

/** Opens the page in headless Chromium and writes all of it as a PNG. */
export async function takeScreenshot(html: string, file: string, width: number): Promise<void> {
  const browser = await launchChromium();
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
