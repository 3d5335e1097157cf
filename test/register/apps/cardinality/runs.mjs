// Makes a call of Signal's API for each of some runs: usage: runs.mjs URL RUNS
const [url, runs] = process.argv.slice(2);

for (let run = 0; run < Number(runs); run++) {
  const response = await fetch(`${url}/runs/run_${run.toString(16).padStart(16, '0')}/forward_backward`, {
    method: 'POST',
    body: '{"batch_data": [{}], "loss_fn": "ppo"}',
  });
  await response.text();
}
