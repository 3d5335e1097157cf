import { readFileSync, writeFileSync } from 'node:fs';
import { asRecord } from '../test/support/shape.ts';

/**
 * `node scripts/release.ts v1.2.3 owner/name`: whether what is checked out can be published as that version from that
 * repository of GitHub. Where package.json names no repository it writes that one into it: npm takes a statement of
 * provenance only where both are the same.
 */

const [tag = '', repository = ''] = process.argv.slice(2);
if (!/^v\d/.test(tag) || !/^[^/\s]+\/[^/\s]+$/.test(repository)) {
  console.error('Usage: node scripts/release.ts v1.2.3 owner/name');
  process.exit(2);
}

const manifest = asRecord(JSON.parse(readFileSync('package.json', 'utf8')), 'package.json');
const version = tag.slice(1);
const home = `https://github.com/${repository}`;
const url = `git+${home}.git`;
const problems = [...versionProblems(), ...changelogProblems(), ...repositoryProblems()];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);

if (manifest.repository === undefined) {
  const named = { ...manifest, homepage: `${home}#readme`, bugs: `${home}/issues`, repository: { type: 'git', url } };
  writeFileSync('package.json', `${JSON.stringify(named, undefined, 2)}\n`);
  console.log(`package.json names no repository: it is published with ${home}`);
}
console.log(`${String(manifest.name)} ${version} can be published from ${home}`);

function versionProblems(): string[] {
  if (manifest.version === version) return [];
  return [`The tag is ${tag} and the version ${String(manifest.version)}: npm version writes both.`];
}

function changelogProblems(): string[] {
  const headings = readFileSync('CHANGELOG.md', 'utf8').matchAll(/^## (\S+) \(\d{4}-\d\d-\d\d\)$/gm);
  if ([...headings].some(([, released]) => released === version)) return [];
  return [`CHANGELOG.md needs a heading "## ${version} (2026-12-31)", with the day of the release.`];
}

function repositoryProblems(): string[] {
  if (manifest.repository === undefined) return [];
  const named = asRecord(manifest.repository, 'repository').url;
  return named === url
    ? []
    : [`repository.url is ${String(named)} and this is ${url}: npm would refuse the provenance.`];
}
