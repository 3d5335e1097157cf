import { randomUUID } from 'node:crypto';
import { ApiError } from './errors.ts';
import { RecentMap } from './recent-map.ts';

const maxFutures = 1000;

interface Future {
  readonly future_id: string;
  status: 'pending' | 'completed' | 'failed';
  result: object | null;
  error: string | null;
}

/** The operations that were asked for without waiting. */
export class FutureStore {
  readonly #futures = new RecentMap<Future>(maxFutures);

  open(operation: Promise<object>): Pick<Future, 'future_id' | 'status'> {
    const future: Future = { future_id: randomUUID(), status: 'pending', result: null, error: null };
    this.#futures.set(future.future_id, future);
    operation.then(
      (result) => {
        future.status = 'completed';
        future.result = result;
      },
      (error: unknown) => {
        future.status = 'failed';
        future.error = error instanceof ApiError ? error.message : 'Internal server error';
      },
    );
    return { future_id: future.future_id, status: future.status };
  }

  read(id: string): Future {
    const future = this.#futures.get(id);
    if (future === undefined) {
      throw new ApiError(404, `Future ${id} not found`);
    }
    return future;
  }
}
