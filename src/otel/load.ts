import { createRequire } from 'node:module';
import { extname } from 'node:path';

/**
 * Loads a neighbour of a file at once, where an `import()` would come too late and an import too early: what a start
 * does not need, it does not load.
 * @param from the `import.meta.url` of the file. The neighbour has its ending, built or not.
 */
export function load<Module>(from: string, name: string): Module {
  return createRequire(from)(`./${name}${extname(from)}`);
}
