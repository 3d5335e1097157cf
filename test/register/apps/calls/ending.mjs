// Ends with calls of Signal's API in every state: usage: ending.mjs URL natural|exit
const [url, end] = process.argv.slice(2);
const run = `${url}/runs/run_0123456789abcdef`;
const post = (path) => fetch(`${run}/${path}`, { method: 'POST', body: '{"batch_data": [{}], "loss_fn": "ppo"}' });

await (await post('optim_step_async')).json(); // whose future nobody asks for
const cut = new AbortController();
const { signal } = cut;
const hanging = fetch(`${run}/sample`, { method: 'POST', body: '{}', signal }); // that is never answered
hanging.catch(() => {});
await (await post('forward_backward')).text(); // so long that it is read in the next turn
if (end === 'exit') process.exit(3);
cut.abort();
