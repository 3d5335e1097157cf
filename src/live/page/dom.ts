type Child = Node | string;

/** An element with properties and children. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<HTMLElementTagNameMap[Tag]> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** The element of the page with this id, which is of this kind. */
export function find<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no ${kind.name} #${id}`);
  return found;
}

/** Only where it differs: what does not change need not be laid out again, or read aloud. */
export function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** The children of an element, one for each item, kept while their item is there: focus and selection stay. */
export class KeyedChildren<Item, Entry extends { readonly root: HTMLElement }> {
  readonly #parent: HTMLElement;
  readonly #create: (item: Item) => Entry;
  readonly #update: (entry: Entry, item: Item) => void;
  readonly #entries = new Map<string, Entry>();

  constructor(parent: HTMLElement, create: (item: Item) => Entry, update: (entry: Entry, item: Item) => void) {
    this.#parent = parent;
    this.#create = create;
    this.#update = update;
  }

  show(items: readonly Item[], keyOf: (item: Item) => string): void {
    const wanted = new Set(items.map(keyOf));
    for (const [key, { root }] of this.#entries) {
      if (wanted.has(key)) continue;
      root.remove();
      this.#entries.delete(key);
    }
    for (const [index, item] of items.entries()) {
      const key = keyOf(item);
      const entry = this.#entries.get(key) ?? this.#create(item);
      this.#entries.set(key, entry);
      this.#update(entry, item);
      if (this.#parent.children[index] !== entry.root) {
        this.#parent.insertBefore(entry.root, this.#parent.children[index] ?? null);
      }
    }
  }
}
