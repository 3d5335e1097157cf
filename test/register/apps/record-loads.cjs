// Prints, when the process ends, the OpenTelemetry packages that were loaded: for `node --require`, before the package.
const { registerHooks } = require('node:module');

const loaded = new Set();
registerHooks({
  load(url, context, nextLoad) {
    const [, name] = url.match(/node_modules\/(@opentelemetry\/[^/]+)\//) ?? [];
    if (name !== undefined) loaded.add(name);
    return nextLoad(url, context);
  },
});
process.on('exit', () => console.log(JSON.stringify([...loaded].sort())));
