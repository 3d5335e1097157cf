import { createRequire } from 'node:module';
import { extname } from 'node:path';

/**
 * Loads a file beside another at once, where an `import()` would come too late and an import too early: what a start
 * does not need, it does not load.
 * @param from the `import.meta.url` of the other file, whose ending it has, built or not.
 */
export function load<Module>(from: string, name: string): Module {
  return createRequire(from)(`./${name}${extname(from)}`);
}
