/**
 * SQLite as Node brings it, without the warning that Node 22 prints where it is used first: what is experimental about
 * it is no concern of who trains a model.
 */
export function loadSqlite(): typeof import('node:sqlite') {
  const emitWarning = process.emitWarning;
  process.emitWarning = (...warning: unknown[]) => {
    if (!/SQLite is an experimental feature/.test(String(warning[0]))) Reflect.apply(emitWarning, process, warning);
  };
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}
