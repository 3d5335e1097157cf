import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

let hasWarned = false;

/**
 * Loads a file beside another at once, where an `import()` would come too late and an import too early: what a start
 * does not need, it does not load.
 * @param from the `import.meta.url` of the other file, whose ending it has, built or not.
 */
export function load<Module>(from: string, name: string): Module {
  const file = `./${name}${extname(from)}`;
  try {
    return createRequire(from)(file);
  } catch (error) {
    if (!existsSync(fileURLToPath(new URL(file, from)))) warnOfBundle();
    throw error;
  }
}

/** By Node's own way: what writes the package's messages is loaded so, too. */
function warnOfBundle(): void {
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(
    'signal-otel does not find its files and sends nothing: a bundle must leave it external, such as by --packages=external of esbuild',
  );
}
