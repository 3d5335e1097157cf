import { stripVTControlCharacters } from 'node:util';

/**
 * The lines of a document's example that what was printed lacks: each has to be there, one after the other, with other
 * numbers and ids; `...` stands for any lines.
 */
export function missingLines(example: string, printed: string): string[] {
  const lines = stripVTControlCharacters(printed).split('\n');
  let from = 0;
  return example
    .split('\n')
    .filter((line) => line.trim() !== '' && line !== '...')
    .filter((line) => {
      const pattern = patternOf(line);
      const found = lines.findIndex((candidate, index) => index >= from && pattern.test(candidate));
      if (found >= 0) from = found + 1;
      return found < 0;
    });
}

const ID = '[0-9a-f]{16}';
const NUMBER = String.raw`-?\d[\d.]*(?:e-?\d+)?`;
const varying = new RegExp(String.raw`(?<=run_|user_)${ID}|(?<![\w.])${NUMBER}`, 'g');

function patternOf(line: string): RegExp {
  const fixed = line.split(varying).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  const variable = (line.match(varying) ?? []).map((text) => (text.length === 16 && !text.includes('.') ? ID : NUMBER));
  return new RegExp(`^${fixed.map((text, index) => text + (variable[index] ?? '')).join('')}$`);
}
