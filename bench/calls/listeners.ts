import channels, { type ChannelListener } from 'node:diagnostics_channel';
import { syncBuiltinESMExports } from 'node:module';

const { subscribe, unsubscribe } = channels;

/** All that listens to Node's diagnostics channels from here on, to be taken off them and put back. */
export class Listeners {
  readonly #all: (readonly [name: string | symbol, listener: ChannelListener])[] = [];
  #areOn = true;

  constructor() {
    Reflect.set(channels, 'subscribe', (name: string | symbol, listener: ChannelListener) => {
      this.#all.push([name, listener]);
      if (this.#areOn) subscribe(name, listener);
    });
    syncBuiltinESMExports();
  }

  turn(on: boolean): void {
    if (on === this.#areOn) return;
    this.#areOn = on;
    for (const [name, listener] of this.#all) {
      if (on) subscribe(name, listener);
      else unsubscribe(name, listener);
    }
  }
}
