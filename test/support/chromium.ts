import { type Browser, chromium } from 'playwright-core';
import { chromiumBinary, requireBinary } from './binaries.ts';

/**
 * Headless Chromium, for pages of our own.
 * @throws Error that says how to get it, where there is none.
 */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: requireBinary(chromiumBinary),
    // Chromium refuses its sandbox to root.
    chromiumSandbox: false,
  });
}
