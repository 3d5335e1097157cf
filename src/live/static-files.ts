import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface StaticFile {
  readonly type: string;
  read(): Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.map': 'application/json; charset=utf-8',
};

const here = fileURLToPath(new URL('.', import.meta.url));

/**
 * What the page is made of, by the path at which it is asked for. A path that is not in it leads nowhere: no path of a
 * request is ever one of the file system's.
 */
export function staticFiles(): ReadonlyMap<string, StaticFile> {
  const uplot = join(dirname(createRequire(import.meta.url).resolve('uplot/package.json')), 'dist');
  const page = readdirSync(join(here, 'page'))
    .filter((name) => extname(name) in TYPES)
    .map((name) => [`/page/${name}`, join(here, 'page', name)] as const);
  const paths: readonly (readonly [string, string])[] = [
    ['/', join(here, 'page', 'index.html')],
    ...page,
    // What server and page have in common.
    ['/points.js', join(here, 'points.js')],
    ['/uplot/uPlot.js', join(uplot, 'uPlot.esm.js')],
    ['/uplot/uPlot.css', join(uplot, 'uPlot.min.css')],
  ];
  return new Map(
    paths.map(([path, file]) => [path, { type: TYPES[extname(file)] ?? '', read: () => readFileSync(file) }]),
  );
}
