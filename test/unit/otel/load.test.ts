import { once } from 'node:events';
import { expect, it } from 'vitest';
import { load } from '../../../src/otel/load.ts';

it('where a file is missing, as in a bundle, says once what to do, and throws', async () => {
  const warnings: string[] = [];
  const collect = ({ message }: Error) => warnings.push(message);
  process.on('warning', collect);
  const warned = once(process, 'warning');
  for (const name of ['no-such-file', 'nor-such']) expect(() => load(import.meta.url, name)).toThrow('Cannot find');
  await warned;
  await new Promise(setImmediate);
  process.off('warning', collect);
  expect(warnings).toEqual([expect.stringContaining('a bundle must leave it external')]);
});
