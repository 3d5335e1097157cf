/** An answer other than 200, with its JSON body. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: object;

  constructor(status: number, message: string, body: object = { error: message }) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

/** Where in the request a value stands: `['body', 'batch_data', 0, 'actions']`. */
export type Location = readonly (string | number)[];

export class ValidationError extends ApiError {
  constructor(location: Location, message: string, type: string) {
    super(422, message, { detail: [{ loc: location, msg: message, type }] });
  }
}
