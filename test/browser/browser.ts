import type { Page } from 'playwright-core';
import { launchChromium } from '../support/chromium.ts';

export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  /** What the console said that is no mere remark, and errors that nobody caught. */
  readonly complaints: string[];
  /** Requests to anywhere but this machine. */
  readonly outside: string[];
}

/** A page of Chromium's, which listens to what goes wrong in it; leaving its scope closes the browser. */
export async function openPage(
  url: string,
  options: { readonly width?: number; readonly height?: number; readonly scheme?: 'light' | 'dark' } = {},
): Promise<OpenPage> {
  const { width = 1400, height = 1000, scheme = 'light' } = options;
  const browser = await launchChromium();
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme });
  const complaints: string[] = [];
  const outside: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('request', (request) => {
    if (new URL(request.url()).hostname !== '127.0.0.1') outside.push(request.url());
  });
  await page.goto(url);
  return { page, complaints, outside, [Symbol.asyncDispose]: () => browser.close() };
}
