import { describe, expect, it } from 'vitest';
import { toAttributes } from '../../../src/otel/attributes.ts';
import { CapturedLog } from '../../support/log.ts';

describe('toAttributes', () => {
  it('reads "key:value" strings, cutting at the first colon', () => {
    expect(toAttributes(['team:ml', 'url:http://x', 'milestone', 'empty:'])).toEqual({
      team: 'ml',
      url: 'http://x',
      milestone: true,
      empty: '',
    });
  });

  it('reads objects and leaves out what has no value', () => {
    expect(toAttributes({ env: 'production', shard: 3, canary: false, none: null, missing: undefined })).toEqual({
      env: 'production',
      shard: '3',
      canary: false,
    });
  });

  it('lets later sources win', () => {
    expect(toAttributes(['a:1', 'b:1'], { b: '2' })).toEqual({ a: '1', b: '2' });
  });

  it('is a frozen copy', () => {
    const tags = { team: 'ml' };
    const attributes = toAttributes(tags);
    tags.team = 'other';
    expect(attributes).toEqual({ team: 'ml' });
    expect(Object.isFrozen(attributes)).toBe(true);
  });

  it('cannot be used to write into a log line or a Prometheus text', () => {
    expect(toAttributes({ 'bad key\n': 'one\ntwo\u0000three' })).toEqual({ bad_key: 'one two three' });
  });

  it('bounds length and number, with one warning', () => {
    const log = new CapturedLog().install();
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`tag${index}`, 'v'.repeat(10_000)]));
    for (let time = 0; time < 3; time++) {
      const attributes = toAttributes(many);
      expect(Object.keys(attributes)).toHaveLength(50);
      expect(attributes.tag0).toHaveLength(200);
    }
    expect(log.warnings).toHaveLength(1);
  });

  it('leaves out values of a wrong type, with one warning', () => {
    const log = new CapturedLog().install();
    const wrong: Record<string, unknown> = { hosts: ['a', 'b'], config: { a: 1 }, ok: 1, none: null };
    for (let time = 0; time < 3; time++) expect(toAttributes(wrong as Record<string, string>)).toEqual({ ok: '1' });
    expect(log.warnings).toEqual([expect.stringContaining('the value of a tag must be text, a number or a boolean')]);
  });

  it('leaves out tags of a wrong type, with one warning', () => {
    const log = new CapturedLog().install();
    const wrong: unknown = [5, { a: 1 }, 'ok:1'];
    for (let time = 0; time < 3; time++) expect(toAttributes(wrong as string[])).toEqual({ ok: '1' });
    expect(log.warnings).toEqual([expect.stringContaining('"key:value"')]);
  });
});
