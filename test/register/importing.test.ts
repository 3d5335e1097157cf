import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startProcess } from '../support/child.ts';
import { node22, root } from '../support/driver.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

describe('while the host imports the package', () => {
  // Later ones read a module in one go, and do nothing else meanwhile.
  it('nothing of it can be had by others, and the host does not notice, on the oldest Node', async () => {
    using folder = new TemporaryFolder();
    const slow = join(folder.path, 'slow.mjs');
    execFileSync('mkfifo', [slow]);
    const index = pathToFileURL(join(root, 'dist/index.js')).href;
    writeFileSync(join(folder.path, 'main.mjs'), `import '${index}';\nimport './slow.mjs';\nconsole.log('done');\n`);
    // Later than the start looks for GPUs.
    const write = `setTimeout(() => require('node:fs').writeFile(${JSON.stringify(slow)}, '', () => {}), 1_300);`;
    writeFileSync(join(folder.path, 'write.cjs'), write);
    const preloads = ['signal-otel/register', join(folder.path, 'write.cjs')].flatMap((file) => ['--require', file]);
    await using child = await startProcess(node22, [...preloads, join(folder.path, 'main.mjs')], {
      cwd: root,
      env: {
        SIGNAL_SPOOL_DIR: join(folder.path, 'spool'),
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_TRACES_EXPORTER: 'none',
      },
    });
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect([child.stdout(), child.stderr()]).toEqual(['done\n', '']);
  });
});
