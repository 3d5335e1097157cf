import { ApiConstructor, ApiDocumentedItem, ApiExportedMixin, type ApiItem } from '@microsoft/api-extractor-model';
import type { PublicApi } from './extract.ts';
import { groups } from './groups.ts';
import { PageWriter } from './page.ts';

const FOLDER = 'docs/reference';

/** The pages of the reference, by file. */
export function referencePages({ items }: PublicApi): Record<string, string> {
  const exported = [...items.values()].filter((item) => ApiExportedMixin.isBaseClassOf(item) && item.isExported);
  const listed = groups.flatMap(({ names }) => names);
  const unlisted = exported.map(({ displayName }) => displayName).filter((name) => !listed.includes(name));
  if (unlisted.length > 0) throw new Error(`Give ${unlisted.join(', ')} a page in scripts/api/groups.ts`);
  const undocumented = exported.flatMap(withMembers).filter((item) => !isDocumented(item));
  if (undocumented.length > 0) {
    const names = undocumented.map((item) => item.getScopedNameWithinPackage());
    throw new Error(`Say in a doc comment what these are, with unit, default and error: ${names.join(', ')}`);
  }
  const writer = new PageWriter(items, groups);
  const pages = groups.map((group) => [`${FOLDER}/${group.file}`, writer.page(group)]);
  return { [`${FOLDER}/README.md`]: contents(writer), ...Object.fromEntries(pages) };
}

function contents(writer: PageWriter): string {
  const sections = groups.map(({ file, title, about, names }) => {
    const rows = names.map((name) => `| [\`${name}\`](${file}#${name.toLowerCase()}) | ${writer.summary(name)} |`);
    return [`## [${title}](${file})`, about, ['| | |', '| --- | --- |', ...rows].join('\n')].join('\n\n');
  });
  const introduction = [
    "What `import ... from 'signal-otel'` gives, as the doc comments of the source say it; written by `npm run generate`.",
    'The preload `signal-otel/register` exports nothing: it calls [`start`](process.md#start). Bad options throw a',
    '`TypeError` that says what to write instead; what records never throws.',
  ].join('\n');
  return ['# API reference', introduction, ...sections].join('\n\n').concat('\n');
}

function withMembers(item: ApiItem): ApiItem[] {
  return [item, ...item.members.filter((member) => !(member instanceof ApiConstructor))];
}

function isDocumented(item: ApiItem): boolean {
  return item instanceof ApiDocumentedItem && item.tsdocComment !== undefined;
}
