import { AnswerBody } from './answer.ts';
import type { Exchange, ResponseHead } from './exchange.ts';

/** Reads the JSON of an answer that is a success, and of no other. */
export class JsonAnswer implements Exchange {
  readonly #onAnswer: (answer: object) => void;
  #body: AnswerBody | undefined;

  constructor(onAnswer: (answer: object) => void) {
    this.#onAnswer = onAnswer;
  }

  onRequestChunk(): void {}

  onRequestEnd(): void {}

  onResponse(head: ResponseHead): void {
    this.#body = head.status >= 200 && head.status < 300 ? new AnswerBody(head) : undefined;
  }

  onResponseChunk(chunk: Uint8Array): void {
    this.#body?.add(chunk);
  }

  onResponseEnd(): void {
    this.#body?.read((answer) => {
      if (answer !== undefined) this.#onAnswer(answer);
    });
    this.#body = undefined;
  }

  onError(): void {
    this.#body = undefined;
  }
}
