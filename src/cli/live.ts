import { pageOptionsHelp, readPageOptions, UsageError } from './page-options.ts';
import { endAs, runWatched } from './watched-program.ts';

const HELP = `signal-otel live [--no-open] [--no-progress] [--port N] app.js [arguments ...]: starts a program and shows its runs in the browser

${pageOptionsHelp}

It is the same as SIGNAL_LIVE=1 node --require signal-otel/register app.js, and opens the page. Options of Node's own
may come before app.js. Signals and the exit code are passed on. The page goes with the program.

On a terminal its last row shows how the newest run goes: step, loss, reward, KL divergence in the colour of its health
(NO_COLOR=1: without), steps in a second, the last p99 of forward_backward. The program's own output is above it.
`;

const EXIT_USAGE = 2;

/** `signal-otel live`: a program under register, with its live page. */
export async function liveCommand(args: string[]): Promise<number> {
  try {
    const options = readPageOptions(args, { untilOther: true });
    if (options === undefined) {
      console.log(HELP);
      return 0;
    }
    const { page, others: command } = options;
    if (command.length === 0) throw new UsageError('which program? Give its file, such as app.js.');
    return endAs(await runWatched({ command, page }));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`signal-otel live: ${error.message} See signal-otel live --help.`);
    return EXIT_USAGE;
  }
}
