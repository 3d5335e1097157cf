export interface CodeBlock {
  readonly language: string;
  /** Line of the opening fence, counted from 1. */
  readonly line: number;
  readonly code: string;
  /** What it prints: the `text` block that follows it with nothing but blank lines between. */
  readonly output: string | undefined;
}

/** The fenced code blocks of a Markdown text, in order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const lines = markdown.split('\n');
  const blocks: CodeBlock[] = [];
  for (let index = 0; index < lines.length; index++) {
    const language = /^```(\w+)$/.exec(lines[index] ?? '')?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', index + 1);
    if (end < 0) throw new Error(`The code block of line ${index + 1} has no end.`);
    blocks.push({ language, line: index + 1, code: lines.slice(index + 1, end).join('\n'), output: undefined });
    index = end;
  }
  return blocks.map((block, index) => ({ ...block, output: outputAfter(block, blocks[index + 1], lines) }));
}

function outputAfter({ line, code }: CodeBlock, next: CodeBlock | undefined, lines: string[]): string | undefined {
  if (next?.language !== 'text') return undefined;
  const end = line + code.split('\n').length + 1;
  return lines.slice(end, next.line - 1).every((between) => between === '') ? next.code : undefined;
}
