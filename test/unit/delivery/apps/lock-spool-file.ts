import { parentPort } from 'node:worker_threads';
import { SpoolFile } from '../../../../src/delivery/spool-file.ts';

// Says whether it can have the file that its last argument names, and keeps it where it can.
const path = process.argv.at(-1) ?? '';
const file = SpoolFile.adopt(path);
const said = file === undefined ? 'locked' : `has ${file.length}`;
if (parentPort === null) process.stdout.write(`${said}\n`);
else parentPort.postMessage(said);
setInterval(() => {}, 1_000);
