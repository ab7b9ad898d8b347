// The health check of an image: node health.mjs /health/live. Exit code 0 when this container's service answers with 200.
const address = `http://127.0.0.1:${process.env.PORT}${process.argv[2] ?? '/health/live'}`;
try {
  const response = await fetch(address, { signal: AbortSignal.timeout(2500) });
  console.log(`${response.status} ${(await response.text()).slice(0, 500)}`);
  process.exitCode = response.ok ? 0 : 1;
} catch (error) {
  console.log(`${address}: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}
