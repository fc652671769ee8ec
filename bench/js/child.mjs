// One cell in a process of its own: `node child.mjs FILE CELL MILLISECONDS`. Warms up, says it is ready,
// and then answers every message with the nanoseconds that one operation took in one more batch.
const [file, name, milliseconds] = process.argv.slice(2);

async function time(run, n) {
  const start = process.hrtime.bigint();
  await run(n);
  return Number(process.hrtime.bigint() - start);
}

// The batch size that lasts as long as a repetition shall. Growing towards it is the warm-up, too.
async function calibrate(run, nanoseconds) {
  let n = 100;
  for (let took = 0; took < nanoseconds / 4; n *= 2) took = await time(run, n);
  const took = await time(run, n);
  return Math.max(1, Math.round((n * nanoseconds) / took));
}

const cells = (await import(`./cells/${file}.mjs`)).default;
const run = cells[name]();
const n = await calibrate(run, Number(milliseconds) * 1e6);

process.on('message', async () => {
  process.send({ nanoseconds: (await time(run, n)) / n });
});
process.send({ ready: true });
