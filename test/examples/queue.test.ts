import { expect, test } from 'vitest';
import { OperationQueue } from '../../examples/training-server/queue.ts';

test('runs one operation after another in the order of their coming, past one that fails', async () => {
  const queue = new OperationQueue();
  const order: string[] = [];
  const first = queue.submit(() => order.push('first'));
  const broken = queue.submit(() => {
    throw new Error(`broken while ${queue.stats.running} runs`);
  });
  const last = queue.submit(() => order.push('last'));
  expect(queue.stats).toEqual({ total: 3, queued: 3, running: 0, completed: 0, failed: 0 });
  await expect(broken).rejects.toThrow('broken while 1 runs');
  expect(await Promise.all([first, last])).toEqual([1, 2]);
  expect(order).toEqual(['first', 'last']);
  expect(queue.stats).toEqual({ total: 3, queued: 0, running: 0, completed: 2, failed: 1 });
});

test('refuses with 429 while 50 operations wait, and takes more once they are done', async () => {
  const queue = new OperationQueue();
  const waiting = Array.from({ length: 50 }, () => queue.submit(() => 'done'));
  const submit = () => queue.submit(() => 'more');
  expect(submit).toThrow(expect.objectContaining({ status: 429 }));
  await Promise.all(waiting);
  expect(await submit()).toBe('more');
});
