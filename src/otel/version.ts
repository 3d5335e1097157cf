import { createRequire } from 'node:module';

function readVersion(): string {
  // Every file of the package comes past here, and a bundler empties this for CommonJS.
  if (import.meta.url === undefined) throw new Error(cannotBeBundled('of CommonJS'));
  const manifest = readManifest();
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
  throw new Error("signal-otel: the package's package.json has no version; install it again");
}

function readManifest(): unknown {
  try {
    return createRequire(import.meta.url)('signal-otel/package.json');
  } catch (cause) {
    throw new Error(cannotBeBundled('that runs without node_modules'), { cause });
  }
}

function cannotBeBundled(where: string): string {
  return `signal-otel cannot be a part of a bundle ${where}: leave it external (esbuild --packages=external)`;
}

export const VERSION = readVersion();
