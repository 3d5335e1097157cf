/** Scheme, host and path of a URL; `undefined` where the text is no URL of HTTP, and anything in it may be a secret. */
export function withoutSecrets(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, origin, pathname } = new URL(text);
  return /^https?:$/.test(protocol) ? `${origin}${pathname === '/' ? '' : pathname}` : undefined;
}
