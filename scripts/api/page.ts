import {
  ApiClass,
  ApiDeclaredItem,
  ApiDocumentedItem,
  ApiInterface,
  type ApiItem,
  ApiMethod,
  ApiMethodSignature,
  ApiPropertyItem,
  ApiTypeAlias,
  ApiVariable,
  type Excerpt,
  ExcerptTokenKind,
} from '@microsoft/api-extractor-model';
import { readComment } from './comment.ts';
import type { PublicApi } from './extract.ts';
import { familyFields, type Row, table } from './fields.ts';
import type { Group } from './groups.ts';

/** The type of a longer constant says less than the words under it. */
const MAX_TYPE_LENGTH = 500;

/** Writes the pages of the reference. */
export class PageWriter {
  readonly #items: PublicApi['items'];
  readonly #pageOf: ReadonlyMap<string, string>;

  constructor(items: PublicApi['items'], groups: readonly Group[]) {
    this.#items = items;
    this.#pageOf = new Map(
      groups.flatMap(({ file, names, mentioned = [] }) =>
        [...names, ...mentioned].map((name) => [name, file] as const),
      ),
    );
  }

  page({ title, about, names, mentioned = [] }: Group): string {
    const parts = names.map((name) => this.#section(name));
    if (mentioned.length > 0) {
      parts.push('## Types without an export\n\nWhat the types above are made of. They cannot be imported.');
      parts.push(...mentioned.map((name) => this.#section(name, '###')));
    }
    return [`# ${title}`, `${about} [All names](README.md)`, ...parts].join('\n\n').concat('\n');
  }

  /** The first sentence of its comment. */
  summary(name: string): string {
    const { summary } = commentOf(this.#item(name));
    const [first = ''] = /^.*?[.:](?=\s|$)/.exec(oneLine(summary)) ?? [summary];
    return first.replace(/:$/, '.');
  }

  #item(name: string): ApiItem {
    const item = this.#items.get(name);
    if (item === undefined) throw new Error(`scripts/api/groups.ts names ${name}, which the package has not`);
    return item;
  }

  #section(name: string, heading = '##'): string {
    const item = this.#item(name);
    const parts = [`${heading} ${name}`, this.#declaration(item), ...this.#comment(item)];
    if (item instanceof ApiInterface || item instanceof ApiClass) {
      const fields = item.members.filter((member) => member instanceof ApiPropertyItem);
      const methods = item.members.filter(isMethod);
      const rows = [...fields, ...(item instanceof ApiInterface ? methods : [])].map((field) => this.#row(field));
      parts.push(table([...rows, ...familyFields(name)]));
      if (item instanceof ApiClass) parts.push(...methods.map((method) => this.#method(name, method)));
    }
    if (item instanceof ApiTypeAlias && familyFields(name).length > 0) {
      const step = this.#item('StepField').members.map((field) => this.#row(field));
      parts.push(table([...step, ...familyFields(name)]));
    }
    return parts.filter((part) => part !== '').join('\n\n');
  }

  /** What has to be written to use it; nothing where the table of the fields says it all. */
  #declaration(item: ApiItem): string {
    if (!(item instanceof ApiDeclaredItem)) return '';
    const text = bare(item.excerpt.text);
    if (item instanceof ApiClass) {
      const constructors = item.members.filter((member) => member.kind === 'Constructor');
      const made = constructors.map((member) => member instanceof ApiDeclaredItem && member.excerpt.text);
      return code(`${text} {\n${made.map((line) => `  ${line}`).join('\n')}\n}`);
    }
    if (item instanceof ApiInterface) return text.includes(' extends ') ? code(text) : '';
    if (item instanceof ApiTypeAlias) return code(this.#spelledOut(item));
    if (item instanceof ApiVariable && text.length > MAX_TYPE_LENGTH)
      return code(`const ${item.displayName}: readonly [...];`);
    return code(text);
  }

  /** A union of the words of a list, in the place of `type Word = (typeof WORDS)[number]`. */
  #spelledOut({ displayName, typeExcerpt, excerpt }: ApiTypeAlias): string {
    const list = this.#items.get(/^\(typeof (\w+)\)\[number\]$/.exec(typeExcerpt.text)?.[1] ?? '');
    const type = list instanceof ApiVariable ? list.variableTypeExcerpt.text : '';
    const words = [...type.matchAll(/['"](\w+)['"]/g)].map(([, word]) => `'${word}'`);
    return words.length > 0 ? `type ${displayName} = ${words.join(' | ')};` : bare(excerpt.text);
  }

  #comment(item: ApiItem): string[] {
    const { summary, returns, throws, example } = commentOf(item);
    const types = item instanceof ApiDeclaredItem && !(item instanceof ApiInterface) ? this.#mentions(item) : '';
    return [
      summary,
      returns && `Returns ${returns}`,
      throws && `Throws ${throws}`,
      example && `For example:\n\n${example}`,
      types && `Types: ${types}`,
    ];
  }

  #link(name: string): string {
    return `[\`${name}\`](${this.#pageOf.get(name)}#${name.toLowerCase()})`;
  }

  #method(owner: string, method: ApiMethod | ApiMethodSignature): string {
    const parts = [
      `### ${owner}.${method.displayName}`,
      code(method.excerpt.text.replaceAll(/^ {4}/gm, '')),
      ...this.#comment(method),
    ];
    return parts.filter((part) => part !== '').join('\n\n');
  }

  #row(field: ApiItem): Row {
    const { summary, throws } = commentOf(field);
    const meaning = cell([summary, throws && `Throws ${throws}`].filter((part) => part !== '').join('\n\n'));
    if (field instanceof ApiPropertyItem) {
      const name = `${field.displayName}${field.isOptional ? '?' : ''}`;
      return { name, type: this.#type(field.propertyTypeExcerpt, field.isOptional), meaning };
    }
    if (!isMethod(field)) throw new Error(`The reference does not know what ${field.displayName} is`);
    const parameters = field.parameters.map(({ name, isOptional }) => `${name}${isOptional ? '?' : ''}`);
    return {
      name: `${field.displayName}(${parameters.join(', ')})`,
      type: this.#type(field.returnTypeExcerpt, false),
      meaning,
    };
  }

  /** A type in a table, with links. */
  #type(excerpt: Excerpt, isOptional: boolean): string {
    let markdown = '';
    let plain = '';
    for (const { kind, text } of excerpt.spannedTokens) {
      if (kind === ExcerptTokenKind.Reference && this.#pageOf.has(text)) {
        markdown += plainCode(plain) + this.#link(text);
        plain = '';
      } else plain += text.replace(/\s+/g, ' ');
    }
    // The question mark says it.
    return markdown + plainCode(isOptional ? plain.replace(/ \| undefined$/, '') : plain);
  }

  /** The documented types that a declaration names, as links. */
  #mentions(item: ApiDeclaredItem): string {
    const excerpts = item instanceof ApiClass ? item.members.filter((member) => member.kind === 'Constructor') : [item];
    const names = excerpts
      .flatMap((declared) => (declared instanceof ApiDeclaredItem ? declared.excerptTokens : []))
      .filter(({ kind, text }) => kind === ExcerptTokenKind.Reference && this.#pageOf.has(text))
      .map(({ text }) => text);
    return [...new Set(names)].map((name) => this.#link(name)).join(', ');
  }
}

function isMethod(item: ApiItem): item is ApiMethod | ApiMethodSignature {
  return item instanceof ApiMethod || item instanceof ApiMethodSignature;
}

function commentOf(item: ApiItem) {
  return readComment(item instanceof ApiDocumentedItem ? item.tsdocComment : undefined);
}

/** A declaration as the source has it. */
function bare(text: string): string {
  return text.replace(/^(export )?(declare )?/, '').trim();
}

function code(text: string): string {
  return `\`\`\`ts\n${text}\n\`\`\``;
}

/** Code in a cell; the blanks about it stand outside, where they show. */
function plainCode(text: string): string {
  const [, before = '', inner = '', after = ''] = /^(\s*)(.*?)(\s*)$/.exec(text) ?? [];
  if (inner === '') return text;
  const [open, close] = inner.includes('`') ? ['`` ', ' ``'] : ['`', '`'];
  return `${before}${open}${inner.replaceAll('|', '\\|')}${close}${after}`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

/** Paragraphs and lists in the one line of a cell. */
function cell(text: string): string {
  return text
    .split(/\n{2,}|\n(?=- )/)
    .map((line) => oneLine(line.replace(/^- /, '')))
    .join('<br>')
    .replaceAll('|', '\\|');
}
