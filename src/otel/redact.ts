import { cut, oneLine } from './text.ts';

/** More than any message needs; what comes after it is not even looked at. */
const MAX_READ = 4_096;

const HIDDEN = '[redacted]';

/** A quote, also within JSON that is text in another JSON. */
const QUOTE = String.raw`\\{0,8}["'\x60]`;
/** A quoted value, up to its end or, where somebody has cut it, the text's. */
const QUOTED = String.raw`(?<quote>${QUOTE})(?:(?!\k<quote>)(?:\\[\s\S]|[\s\S]))*`;
const UNQUOTED = String.raw`[^\s"]+`;
/** Between a name and its value: `=`, `: `, `": "`, `', '`. */
const COLON = String.raw`(?:${QUOTE})?\s*(?:=>|[:=])\s*|${QUOTE}\s*,\s*(?=${QUOTE})`;
const SUFFIX = String.raw`[\w.-]{0,40}`;

/** Names of secrets, whatever goes before them: `apiKey`, `DD_API_KEY`, `aws_secret_access_key`. */
const SECRETS =
  '(?:api|app|application|access|account|secret|private|signing|encryption|auth|ssh)[-_. ]?keys?|secret(?!ar)|passw(?:or)?d|passphrase|pwd|credential';
/** The same, but words that go before harmless values just as well: `token_accuracy: expected a number`. */
const MAYBE_SECRETS = String.raw`token(?!s|iz)|signature|session[-_. ]?id|\bsig\b|\bauth\b`;
const HEADERS = 'authorization|cookie';
/** What a model reads and writes. */
const PROMPTS = String.raw`\b(?:prompt|completion)s?|${QUOTE}(?:messages|inputs?|outputs?|content|text)`;

/** How well-known keys begin. */
const KEY_PREFIXES = String.raw`[spr]k[-_]|whsec_|hf_|gh[opsur]_|github_pat_|glpat-|xox[a-z]-|xapp-|AIza|A[KS]IA|ya29\.|npm_|pypi-|dckr_pat_|SG\.|tml-|nvapi-|gsk_|r8_|dd[a-z]*-?key[-_]?`;

/** What is found, and what stands there instead; each takes no less than the ones after it would. */
const rules: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, HIDDEN],
  // Nobody can tell where a prompt ends.
  [new RegExp(String.raw`(${PROMPTS})((?:${QUOTE})?\s*[:=])[\s\S]+`, 'gi'), `$1$2 ${HIDDEN}`],
  [new RegExp(String.raw`((?:${HEADERS})${SUFFIX}(?:${COLON}))(?:${QUOTED}|[^\n"]+)`, 'gi'), `$1${HIDDEN}`],
  [/\b([a-z][a-z0-9+.-]{0,40}:\/\/)[^\s/"'<>]*@/gi, `$1`],
  [/\b([a-z][a-z0-9+.-]{0,40}:\/\/[^\s?#"'<>]*)[?#][^\s"'<>]+/gi, `$1?${HIDDEN}`],
  [/([?&][\w.-]{1,80}=)[^\s&"'<>]+/g, `$1${HIDDEN}`],
  [new RegExp(`((?:${SECRETS})${SUFFIX}(?:${COLON}))(?:${QUOTED}|${UNQUOTED})`, 'gi'), `$1${HIDDEN}`],
  [
    new RegExp(
      String.raw`((?:${MAYBE_SECRETS})${SUFFIX}(?:(?:${COLON})(?=${QUOTE}|[^\s"]*\d)|=))(?:${QUOTED}|${UNQUOTED})`,
      'gi',
    ),
    `$1${HIDDEN}`,
  ],
  [/\b((?:Bearer|Basic)(?:\s|:|=|\+|%20)+)[^\s"',]+/gi, `$1${HIDDEN}`],
  [/\b((?:Digest|Negotiate|Token|Api-?Key)\s+)(?=\S*\d)[^\s"',]{16,}/gi, `$1${HIDDEN}`],
  [/\b((?:api|app)[-_ ]?key(?: \w{1,20}){0,2}:? )(?=\S*\d)[^\s"',]{6,}/gi, `$1${HIDDEN}`],
  [new RegExp(String.raw`\b(${KEY_PREFIXES})[\w.+/=-]{4,}`, 'g'), `$1${HIDDEN}`],
  [/\beyJ[\w-]{4,}\.[\w.-]+/g, HIDDEN],
  [/\b[0-9a-f]{32,}\b/gi, HIDDEN],
  [/\b(?=[\w+-]{0,80}\d)(?=[\w+-]{0,80}[A-Za-z])[\w+-]{40,}={0,2}/g, HIDDEN],
];

/**
 * Text that may be shown anywhere: in one line, bounded, and without what is or may be a secret: API keys, authorization
 * headers, cookies, passwords, tokens, the queries and users of URLs (signed ones carry their signature there), prompts.
 * @param text from anywhere, such as an error's message.
 */
export function redact(text: string, maxLength: number): string {
  return oneLine(hideSecrets(text), maxLength);
}

/** The same of text that may have lines, such as an event's. */
export function redactLines(text: string, maxLength: number): string {
  return cut(hideSecrets(text), maxLength)
    .split(/\r?\n/)
    .map((line) => oneLine(line, maxLength))
    .join('\n')
    .trim();
}

function hideSecrets(text: string): string {
  return rules.reduce((left, [pattern, replacement]) => left.replace(pattern, replacement), beginning(text));
}

/** Without the word at which it is cut: half a secret is not recognized as one. */
function beginning(text: string): string {
  if (text.length <= MAX_READ) return text;
  const read = text.slice(0, MAX_READ);
  return read.slice(0, Math.max(read.lastIndexOf(' '), read.lastIndexOf('\n'), MAX_READ / 2));
}
