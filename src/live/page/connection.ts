import type { WireLayout, WireSnapshot, WireUpdate } from '../protocol.ts';

export interface ConnectionListener {
  /** All there is: what was known before is void. */
  onSnapshot(snapshot: WireSnapshot): void;
  onUpdate(update: WireUpdate): void;
  onState(state: 'live' | 'lost'): void;
}

const RETRY_MILLIS = 2_000;

export async function fetchLayout(): Promise<WireLayout> {
  return fetchJson('/api/layout');
}

/** Keeps the page up to date: everything once, then what is new, and from the beginning where something was missed. */
export async function connect(listener: ConnectionListener): Promise<void> {
  try {
    const snapshot: WireSnapshot = await fetchJson('/api/runs');
    listener.onSnapshot(snapshot);
    follow(snapshot.id, listener);
  } catch {
    listener.onState('lost');
    setTimeout(() => void connect(listener), RETRY_MILLIS);
  }
}

function follow(id: string, listener: ConnectionListener): void {
  const source = new EventSource(`/api/stream?after=${encodeURIComponent(id)}`);
  const restart = (delayMillis: number) => {
    source.close();
    setTimeout(() => void connect(listener), delayMillis);
  };
  source.addEventListener('open', () => listener.onState('live'));
  source.addEventListener('message', ({ data }) => listener.onUpdate(JSON.parse(data)));
  source.addEventListener('reset', () => restart(0));
  source.addEventListener('error', () => {
    listener.onState('lost');
    // Else the browser tries again by itself.
    if (source.readyState === EventSource.CLOSED) restart(RETRY_MILLIS);
  });
}

async function fetchJson<Content>(path: string): Promise<Content> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}
