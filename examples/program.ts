import { UsageError } from './options.ts';
import { SignalApiError } from './signal-client.ts';

export interface Program<Options> {
  readonly usage: string;
  /** Undefined where the user asked for the help text. */
  readOptions(args: readonly string[], env: NodeJS.ProcessEnv): Options | undefined;
  main(options: Options): Promise<void>;
}

/** Runs a driver: what the user can do something about becomes one line and an exit code. */
export async function runProgram<Options>({ usage, readOptions, main }: Program<Options>): Promise<void> {
  try {
    const options = readOptions(process.argv.slice(2), process.env);
    if (options === undefined) {
      console.log(usage);
    } else {
      await main(options);
    }
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof SignalApiError)) {
      throw error;
    }
    console.error(error.message);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
