/** What a request to a primitive says of itself, beside the data. */
export interface RequestFacts {
  readonly lossFn?: string;
  /** How many items `batch_data` or `prompts` has. */
  readonly batchSize?: number;
  /** The client's own name for the request. A retry has the same. */
  readonly requestId?: string;
  readonly accumulate?: boolean;
}

const LISTS: ReadonlySet<string> = new Set(['batch_data', 'prompts']);
/** Longer values are no names. */
const MAX_VALUE_LENGTH = 100;

/**
 * Reads the facts of a request's JSON. Batches are megabytes, and parsing them would take longer than all else that is
 * done for a call: only strings and brackets are looked at, and nothing of the data is kept.
 * @param text ASCII alone matters, so that UTF-8 may be read as Latin-1.
 */
export function readRequestFacts(text: string): RequestFacts {
  const values = new Map<string, string>();
  const structure = /["{}[\]]/g;
  let batchSize: number | undefined;
  let depth = 0;
  let key = '';
  while (structure.test(text)) {
    const at = structure.lastIndex - 1;
    const isItem = depth === 2 && batchSize !== undefined && LISTS.has(key);
    switch (text[at]) {
      case '}':
      case ']':
        depth -= 1;
        break;
      case '"': {
        const end = endOfString(text, at);
        structure.lastIndex = end + 1;
        if (isItem) batchSize = (batchSize ?? 0) + 1;
        if (depth !== 1) break;
        key = text.slice(at + 1, Math.min(end, at + MAX_VALUE_LENGTH));
        const value = valueAt(text, end + 1);
        if (value.text !== undefined) values.set(key, value.text);
        if (value.isList && LISTS.has(key)) batchSize = 0;
        structure.lastIndex = value.end;
        break;
      }
      default:
        if (isItem) batchSize = (batchSize ?? 0) + 1;
        depth += 1;
    }
  }
  const lossFn = values.get('loss_fn');
  const requestId = values.get('request_id');
  const accumulate = values.get('accumulate');
  return {
    ...(lossFn !== undefined && { lossFn }),
    ...(batchSize !== undefined && { batchSize }),
    ...(requestId !== undefined && { requestId }),
    ...(accumulate !== undefined && { accumulate: accumulate === 'true' }),
  };
}

/** The end of the string that begins at `start`, its closing quote. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

const VALUE = /\s*:\s*(?:"(?<string>[^"\\]{0,100})"|(?<literal>true|false|null|-?\d[\d.eE+-]{0,40})|(?<list>(?=\[))|)/y;

/** The value behind a key: its text where that is short, and where to go on. */
function valueAt(text: string, from: number) {
  VALUE.lastIndex = from;
  const { string, literal, list } = VALUE.exec(text)?.groups ?? {};
  return {
    text: string ?? (literal === 'null' ? undefined : literal),
    isList: list !== undefined,
    end: Math.max(from, VALUE.lastIndex),
  };
}
