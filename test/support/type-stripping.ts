const flag = '--experimental-strip-types';

// A worker of vitest has been given the flag, and would need none of its own.
const isBuiltIn = process.features.typescript !== false && !process.execArgv.includes(flag);

/** What Node needs to run TypeScript as it is: nothing since 22.18. */
export const typeStripping: readonly string[] = isBuiltIn ? [] : [flag, '--disable-warning=ExperimentalWarning'];
