import { describe, expect, it } from 'vitest';
import { withoutSecrets } from '../../../src/delivery/url.ts';

describe('withoutSecrets', () => {
  it('keeps scheme, host and path', () => {
    expect(withoutSecrets('https://me:secret@c.io:8443/in/v1?key=secret#secret')).toBe('https://c.io:8443/in/v1');
    expect(withoutSecrets('http://c:4318')).toBe('http://c:4318');
  });

  it('shows nothing of what is no URL of HTTP: a user before the host is taken for the scheme', () => {
    for (const text of ['secret', 'me:secret@c.io', 'ftp://c.io/secret']) expect(withoutSecrets(text)).toBeUndefined();
  });
});
