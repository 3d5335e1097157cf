import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface CodeBlock {
  readonly language: string;
  /** Line of the opening fence, counted from 1. */
  readonly line: number;
  readonly code: string;
  /** The file that it is, where the text before it ends with "`name`:". */
  readonly file: string | undefined;
  /** What it prints: the next block, where that is a `text`. */
  readonly output: string | undefined;
}

/** The fenced code blocks of a Markdown text, in order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const lines = markdown.split('\n');
  const blocks: Omit<CodeBlock, 'output'>[] = [];
  for (let index = 0; index < lines.length; index++) {
    const language = /^```(\w+)$/.exec(lines[index] ?? '')?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', index + 1);
    if (end < 0) throw new Error(`The code block of line ${index + 1} has no end.`);
    const file = /`([\w.-]+)`:$/.exec(lines[index - 2] ?? '')?.[1];
    blocks.push({ language, line: index + 1, code: lines.slice(index + 1, end).join('\n'), file });
    index = end;
  }
  return blocks.map((block, index) => {
    const next = blocks[index + 1];
    return { ...block, output: next?.language === 'text' ? next.code : undefined };
  });
}

export interface DocumentBlock extends CodeBlock {
  readonly document: string;
  /** How a test names it. */
  readonly place: string;
}

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Those whose every code block is executed. */
export const executed = [
  'README.md',
  ...readdirSync(join(root, 'docs/guide')).map((name) => `docs/guide/${name}`),
].sort();

/** Every code block that is executed, and how. */
export const blocks: readonly DocumentBlock[] = executed.flatMap((document) =>
  codeBlocks(readFileSync(join(root, document), 'utf8')).map((block) => ({
    ...block,
    document,
    place: `${document}:${block.line}`,
  })),
);

export type Runner = 'program' | 'shell' | 'shell with binaries' | 'output' | 'promql' | 'prometheus.yml' | 'datadog';

/** By what a block is executed; undefined where by nothing, which fails in `blocks.test.ts`. */
export function runnerOf(block: DocumentBlock): Runner | undefined {
  const { language, code, file } = block;
  switch (language) {
    case 'ts':
    case 'js':
      return 'program';
    case 'sh':
      // They need what test/collector needs, and stand there: it is left out, and that is said, where there is none.
      return /^(?!#).*\b(otelcol-contrib|prometheus) --config/m.test(code) ? 'shell with binaries' : 'shell';
    case 'text':
      return isOutput(block) ? 'output' : undefined;
    case 'promql':
    case 'datadog':
      return language;
    case 'yaml':
      return file === 'prometheus.yml' ? file : undefined;
    default:
      return undefined;
  }
}

export function blocksOf(runner: Runner): DocumentBlock[] {
  return blocks.filter((block) => runnerOf(block) === runner);
}

/** Whether a block before it is compared with it. */
function isOutput({ document, line }: DocumentBlock): boolean {
  const before = blocks.findLast((block) => block.document === document && block.line < line);
  return before !== undefined && ['ts', 'js', 'sh'].includes(before.language);
}
