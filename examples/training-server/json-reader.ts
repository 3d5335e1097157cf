import { type Location, ValidationError } from './errors.ts';

interface Range {
  readonly min?: number;
  readonly max?: number;
  /** Excluded, unlike `min`. */
  readonly above?: number;
}

interface Length {
  readonly min: number;
  readonly max: number;
}

function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value of a request's body and its place in it: each method gives the value its type or refuses it. */
export class JsonReader {
  readonly #value: unknown;
  readonly #location: Location;

  constructor(value: unknown, location: Location) {
    this.#value = value;
    this.#location = location;
  }

  field(name: string): JsonReader {
    if (!isJsonObject(this.#value)) {
      throw this.#refusal('Input should be a valid dictionary', 'dict_type');
    }
    return new JsonReader(this.#value[name], [...this.#location, name]);
  }

  /** The same place with a default; an explicit null counts as absent, here and in `optional`. */
  or(fallback: unknown): JsonReader {
    return new JsonReader(this.#value ?? fallback, this.#location);
  }

  optional<T>(read: (reader: JsonReader) => T): T | undefined {
    return this.#value === undefined || this.#value === null ? undefined : read(this);
  }

  string(): string {
    this.#require();
    if (typeof this.#value !== 'string') {
      throw this.#refusal('Input should be a valid string', 'string_type');
    }
    return this.#value;
  }

  stringMatching(pattern: RegExp, rule: string): string {
    const value = this.string();
    if (!pattern.test(value)) {
      throw this.#refusal(rule, 'value_error');
    }
    return value;
  }

  oneOf<T extends string>(choices: readonly T[]): T {
    const value = this.string();
    const choice = choices.find((each) => each === value);
    if (choice === undefined) {
      throw this.#refusal(`Input should be ${choices.map((each) => `'${each}'`).join(' or ')}`, 'literal_error');
    }
    return choice;
  }

  /** The JSON value that stands here as text. */
  parsed(): JsonReader {
    const text = this.string();
    try {
      return new JsonReader(JSON.parse(text), this.#location);
    } catch {
      throw this.#refusal('JSON decode error', 'json_invalid');
    }
  }

  boolean(): boolean {
    this.#require();
    if (typeof this.#value !== 'boolean') {
      throw this.#refusal('Input should be a valid boolean', 'bool_type');
    }
    return this.#value;
  }

  number({ min = -Infinity, max = Infinity, above = -Infinity }: Range = {}): number {
    this.#require();
    if (typeof this.#value !== 'number' || !Number.isFinite(this.#value)) {
      throw this.#refusal('Input should be a valid number', 'float_type');
    }
    if (this.#value < min || this.#value > max || this.#value <= above) {
      const bounds = [
        ...(min === -Infinity ? [] : [`greater than or equal to ${min}`]),
        ...(above === -Infinity ? [] : [`greater than ${above}`]),
        ...(max === Infinity ? [] : [`less than or equal to ${max}`]),
      ];
      throw this.#refusal(`Input should be ${bounds.join(' and ')}`, 'out_of_range');
    }
    return this.#value;
  }

  integer(range: Range = {}): number {
    const value = this.number(range);
    if (!Number.isInteger(value)) {
      throw this.#refusal('Input should be a valid integer', 'int_type');
    }
    return value;
  }

  items({ min, max }: Length): JsonReader[] {
    this.#require();
    if (!Array.isArray(this.#value)) {
      throw this.#refusal('Input should be a valid list', 'list_type');
    }
    const { length } = this.#value;
    if (length < min || length > max) {
      const expected = min === max ? `${min}` : `${min} to ${max}`;
      throw this.#refusal(`List should have ${expected} items, not ${length}`, length < min ? 'too_short' : 'too_long');
    }
    return this.#value.map((item: unknown, index) => new JsonReader(item, [...this.#location, index]));
  }

  numbers(length: Length, range: Range = {}): Float64Array {
    return Float64Array.from(this.items(length), (item) => item.number(range));
  }

  #require(): void {
    if (this.#value === undefined) {
      throw this.#refusal('Field required', 'missing');
    }
  }

  #refusal(message: string, type: string): ValidationError {
    return new ValidationError(this.#location, message, type);
  }
}
