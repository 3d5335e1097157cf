import { expect, it } from 'vitest';
import { runNode } from '../support/child.ts';
import { asList, asNumber } from '../support/shape.ts';

/** Of 100 000 calls. What is kept for each of one kind, a tenth of them, and be it a single number, is more. */
const MAX_GROWTH_BYTES = 1_000_000;

/** What is bounded, when it is full. */
const MAX_KEPT_BYTES = 40_000_000;

it('keeps nothing of what it has been given once its bounds are full', async () => {
  const { stdout, stderr, code } = await runNode(['--expose-gc', 'test/properties/apps/leak.ts'], {
    timeoutMillis: 55_000,
  });
  expect([code, stderr]).toEqual([0, '']);
  const [empty = 0, first = 0, second = Infinity] = asList(JSON.parse(stdout), 'heap').map((bytes) =>
    asNumber(bytes, 'bytes'),
  );
  expect(second - first).toBeLessThan(MAX_GROWTH_BYTES);
  expect(second - empty).toBeLessThan(MAX_KEPT_BYTES);
});
