import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runNode } from '../support/child.ts';
import { startOtlpServer } from '../support/otlp-server.ts';
import { blocksOf, type CodeBlock, root } from './code-blocks.ts';

const run = promisify(execFile);
const prelude = readFileSync(new URL('./prelude.ts', import.meta.url), 'utf8');
const preludeNames = [...prelude.matchAll(/^export const (\w+)/gm)].flatMap(([, name]) => name ?? []);

const programs = blocksOf('program').map((block) => ({
  ...block,
  name: `${block.document.replace(/\.md$/, '').replaceAll('/', '-').toLowerCase()}-line-${block.line}.${extensionOf(block)}`,
}));

let folder: string;
let compiled: { readonly code: unknown; readonly stdout: string };

beforeAll(async () => {
  if (!existsSync(join(root, 'dist/index.d.ts'))) throw new Error('dist/ is missing: npm run build');
  folder = await mkdtemp(join(tmpdir(), 'signal-otel-readme-'));
  await mkdir(join(folder, 'node_modules'));
  await symlink(root, join(folder, 'node_modules/signal-otel'));
  for (const scope of ['@opentelemetry', '@types']) {
    await symlink(join(root, 'node_modules', scope), join(folder, 'node_modules', scope));
  }
  await writeFile(join(folder, 'prelude.mts'), prelude);
  for (const program of programs) await writeFile(join(folder, program.name), sourceOf(program));
  const options = {
    module: 'nodenext',
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable'],
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    allowJs: true,
    checkJs: true,
    rewriteRelativeImportExtensions: true,
    rootDir: '.',
    outDir: 'compiled',
    skipLibCheck: true,
  };
  const include = ['*.mts', '*.mjs', '*.cjs'];
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include }));
  compiled = await run(join(root, 'node_modules/.bin/tsc'), ['-p', folder]).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout }: { code: unknown; stdout: string }) => ({ code, stdout }),
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the programs of README.md and the guide', () => {
  it('compiles under strict', () => {
    expect(compiled).toEqual({ code: 0, stdout: '' });
  });

  it.each(programs)('runs, $place', async ({ code, name, output }) => {
    await using server = await startOtlpServer();
    // A program that brings its own provider, or starts the package itself, runs plainly.
    const flags = /\bstart\(|setGlobal/.test(code) ? [] : ['--require', 'signal-otel/register'];
    const result = await runNode([...flags, join('compiled', name.replace(/\.mts$/, '.mjs'))], {
      cwd: folder,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: server.url },
    });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    if (output !== undefined) expect(result.stdout).toBe(`${output}\n`);

    const sent = server.requests
      .filter(({ path }) => path === '/v1/metrics')
      .map(({ body }) => body.toString('latin1'));
    if (code.includes('enableDatadog: false')) expect(sent).toEqual([]);
    // What is sampled arrives now and then; every other metric that the snippet names, each time.
    else if (!code.includes('sampleRate')) {
      const missing = metricNames(code).filter((metric) => !sent.some((body) => holdsText(body, metric)));
      expect(missing).toEqual([]);
    }
  });
});

function extensionOf({ language, code }: CodeBlock): string {
  if (language === 'ts') return 'mts';
  return code.includes('require(') ? 'cjs' : 'mjs';
}

/** The block on the lines that it has in its document, so that a compiler's message names those; the prelude before it. */
function sourceOf({ line, code }: CodeBlock): string {
  const needed = preludeNames.filter((name) => uses(code, name) && !declares(code, name));
  const given = needed.length > 0 ? `import { ${needed.join(', ')} } from './prelude.mts';` : '';
  return `${'\n'.repeat(line - 1)}${given}\n${code}\n`;
}

function uses(code: string, name: string): boolean {
  return new RegExp(`(?<![.\\w])${name}\\b`).test(code);
}

function declares(code: string, name: string): boolean {
  return new RegExp(`\\b(const|let|using|function|class) ${name}\\b|^import [^;]*\\b${name}\\b`, 'm').test(code);
}

/** Whether a message has a field of that text: in protobuf its length goes before it, in JSON it stands in quotes. */
function holdsText(message: string, text: string): boolean {
  return message.includes(String.fromCharCode(text.length) + text) || message.includes(`"${text}"`);
}

function metricNames(code: string): string[] {
  return code.match(/\bsignal(\.[a-z][a-z_]*){2,}/g) ?? [];
}
