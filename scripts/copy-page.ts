/** What of the live page is no TypeScript, into the build. */
import { copyFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';

const [source, target] = ['src/live/page', 'dist/live/page'];

for (const name of readdirSync(source)) {
  if (['.html', '.css', '.svg'].includes(extname(name))) copyFileSync(join(source, name), join(target, name));
}
