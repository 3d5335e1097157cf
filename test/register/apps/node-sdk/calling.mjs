const response = await fetch(`${process.env.SIGNAL_BASE_URL}/runs/run_0123456789abcdef/optim_step`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{}',
});
await response.json();
