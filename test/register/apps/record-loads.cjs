// Prints, when the process ends, the packages that were loaded: for `node --require`, before the package.
const { registerHooks } = require('node:module');

const loaded = new Set();
registerHooks({
  load(url, context, nextLoad) {
    const [, name] = url.match(/node_modules\/(@[^/]+\/[^/]+|[^/]+)\//) ?? [];
    if (name !== undefined) loaded.add(name);
    return nextLoad(url, context);
  },
});
process.on('exit', () => console.log(JSON.stringify([...loaded].sort())));
