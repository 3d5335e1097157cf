import {
  DocCodeSpan,
  type DocComment,
  DocErrorText,
  DocEscapedText,
  DocFencedCode,
  type DocNode,
  DocParagraph,
  DocPlainText,
  DocSection,
  DocSoftBreak,
} from '@microsoft/tsdoc';

/** The parts of a doc comment, as Markdown; empty where there is none. */
export interface Comment {
  readonly summary: string;
  readonly returns: string;
  readonly throws: string;
  readonly example: string;
}

export function readComment(comment: DocComment | undefined): Comment {
  const block = (tag: string) =>
    markdown(comment?.customBlocks.find(({ blockTag }) => blockTag.tagName === tag)?.content);
  return {
    summary: markdown(comment?.summarySection),
    returns: markdown(comment?.returnsBlock?.content),
    throws: block('@throws'),
    example: block('@example'),
  };
}

function markdown(section: DocSection | undefined): string {
  const whole = section === undefined ? '' : text(section);
  return whole
    .replace(/[ \t]+\n/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** The package's comments are Markdown already: what TSDoc takes for an error in them is their text. */
function text(node: DocNode): string {
  const content = () => node.getChildNodes().map(text).join('');
  if (node instanceof DocSection) return content();
  if (node instanceof DocParagraph) return `${content()}\n\n`;
  if (node instanceof DocPlainText || node instanceof DocErrorText) return node.text;
  if (node instanceof DocSoftBreak) return '\n';
  if (node instanceof DocCodeSpan) return `\`${node.code}\``;
  if (node instanceof DocFencedCode) return `\`\`\`${node.language}\n${node.code}\`\`\`\n\n`;
  if (node instanceof DocEscapedText) return node.decodedText;
  throw new Error(`A doc comment holds what the reference cannot show, a ${node.kind}: write plain Markdown`);
}
