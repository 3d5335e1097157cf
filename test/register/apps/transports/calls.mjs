import { clients } from './clients.mjs';

// Makes the calls that it is told to, one after the other, and prints the bytes of each answer.

const [name, callsJson, ackUrl] = process.argv.slice(2);
const { whole, streamed } = await clients[name]();

/** Tells the server that a chunk has come. */
async function acknowledge() {
  await (await fetch(ackUrl)).text();
}

async function read(url, options) {
  const chunks = [];
  for await (const chunk of await streamed(url, options)) {
    chunks.push(chunk);
    await acknowledge();
  }
  return Buffer.concat(chunks);
}

const answers = [];
for (const { url, headers, body, isStreamed } of JSON.parse(callsJson)) {
  const bytes = await (isStreamed ? read : whole)(url, { headers, body });
  answers.push(bytes.toString('base64'));
}
console.log(JSON.stringify(answers));
