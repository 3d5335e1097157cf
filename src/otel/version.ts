import { createRequire } from 'node:module';

function readVersion(): string {
  // Every file of the package comes past here, and a bundler empties this for CommonJS.
  if (import.meta.url === undefined) {
    throw new Error(
      'signal-otel cannot be a part of a CommonJS bundle: leave it external (esbuild --packages=external)',
    );
  }
  const manifest: unknown = createRequire(import.meta.url)('signal-otel/package.json');
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
  throw new Error("signal-otel: the package's package.json has no version; install it again");
}

export const VERSION = readVersion();
