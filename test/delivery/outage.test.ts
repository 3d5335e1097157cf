import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { range } from '../support/delivery.ts';
import { type Received, receivedOf, startDriver, stepsOf } from '../support/driver.ts';
import { acceptAndClose, answer, FaultyServer } from '../support/faulty-server.ts';
import { freePort } from '../support/ports.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const STEPS = 400;

/** Everything once, and in order. */
const complete: Received = {
  count: 3 * STEPS,
  records: STEPS,
  steps: range(1, STEPS + 1),
  seconds: expect.any(Array),
};

describe('an outage in the middle of training', () => {
  it.concurrent.each([
    ['memory', 'all'],
    ['a spool', 'all'],
    ['memory', '1s'],
    ['a spool', '1s'],
  ])(
    'with %s, at a resolution of %s: nothing is lost, nothing comes twice, order is kept',
    async (kept, resolution) => {
      using folder = new TemporaryFolder();
      const port = await freePort();
      await using child = await startDriver({
        url: `http://127.0.0.1:${port}`,
        steps: STEPS,
        env: { SIGNAL_STEP_RESOLUTION: resolution },
        ...(kept === 'a spool' && { spoolFolder: folder.path }),
      });
      const requests: FaultyServer['arrivals'] = [];
      const listen = async (until: RegExp) => {
        await using server = await FaultyServer.start({ port, otherwise: () => acceptAndClose });
        await child.waitForOutput(until);
        await server.stopListening();
        requests.push(...server.taken('metrics'));
      };
      // Nobody listens at first, then somebody does, again nobody, then somebody who cannot take anything.
      await child.waitForOutput(/step 70 /);
      await listen(/step 140 /);
      await child.waitForOutput(/step 220 /);
      await listen(/step 240 /);
      await using busy = await FaultyServer.start({
        port,
        otherwise: () => answer(503, { headers: { Connection: 'close' } }),
      });
      await child.waitForOutput(/step 300 /);
      await busy.stopListening();
      await using server = await FaultyServer.start({ port });
      expect(await child.exited).toEqual({ code: 0, signal: null });
      requests.push(...server.taken('metrics'));

      expect(stepsOf(child).at(-1)?.step).toBe(STEPS);
      const received = receivedOf(requests);
      if (resolution === 'all') expect(received).toEqual(complete);
      else {
        expect(received).toMatchObject({ count: complete.count, records: complete.records });
        // One point for each second in which there was a step, and that the last one.
        expect(received.seconds).toEqual([...new Set(received.seconds)].sort());
        const inSeconds = stepsOf(child)
          // Of one that was said at the very turn of a second, nobody knows to which it belongs.
          .filter(({ millis }) => millis % 1_000 >= 100 && millis % 1_000 < 900)
          .map(({ millis }) => Math.floor(millis / 1_000));
        expect(received.seconds).toEqual(expect.arrayContaining([...new Set(inSeconds)]));
        expect(received.steps).toEqual([...received.steps].sort((a, b) => a - b));
        expect(received.steps.at(-1)).toBe(STEPS);
        expect(received.seconds.length).toBeGreaterThan(5);
      }
      expect(child.stderr().match(/cannot deliver/g)).toHaveLength(1);
      expect(child.stderr().match(/delivery works again.*nothing was lost/g)?.length).toBeGreaterThan(0);
      expect(child.stderr()).not.toMatch(/are lost|points were lost/);
      if (kept === 'a spool') expect(readdirSync(folder.path)).toEqual([]);
    },
  );
});
