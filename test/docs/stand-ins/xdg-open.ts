import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const { SEEN = '' } = process.env;
const [url = ''] = process.argv.slice(2);
const page = await (await fetch(url)).text();
// The program says what it does when it does it.
for (;;) {
  const runs = await (await fetch(new URL('api/runs', url))).text();
  if (/run_[0-9a-f]{16}/.test(runs)) {
    appendFileSync(SEEN, `${url}\n${page}\n${runs}\n`);
    break;
  }
  await delay(50);
}
