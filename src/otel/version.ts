import { createRequire } from 'node:module';

function readVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('signal-otel/package.json');
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
  throw new Error("signal-otel: the package's package.json has no version; install it again");
}

export const VERSION = readVersion();
