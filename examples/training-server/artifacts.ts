import { randomBytes } from 'node:crypto';
import { ApiError } from './errors.ts';
import { RecentMap } from './recent-map.ts';

const maxArtifacts = 16;

/** The saved states of all runs, in memory. */
export class ArtifactStore {
  readonly #serverUrl: string;
  readonly #artifacts = new RecentMap<object>(maxArtifacts);

  constructor(serverUrl: string) {
    this.#serverUrl = serverUrl;
  }

  /** Returns a URL that needs no other credential, like a signed one: whoever knows it can download the artifact. */
  publish(artifact: object): string {
    const token = randomBytes(16).toString('hex');
    this.#artifacts.set(token, artifact);
    return `${this.#serverUrl}/artifacts/${token}`;
  }

  read(token: string): object {
    const artifact = this.#artifacts.get(token);
    if (artifact === undefined) {
      throw new ApiError(404, 'Artifact not found');
    }
    return artifact;
  }
}
