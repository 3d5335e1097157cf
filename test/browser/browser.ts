import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

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
  const browser: Browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] });
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

/** Debian's, or the one that CHROMIUM names. */
function findChromium(): string {
  const { CHROMIUM, PATH = '' } = process.env;
  const candidates = CHROMIUM ? [CHROMIUM] : PATH.split(delimiter).map((folder) => join(folder, 'chromium'));
  const found = candidates.find(isExecutable);
  if (found === undefined)
    throw new Error('There is no Chromium here: apt-get install chromium, or set CHROMIUM to one.');
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
