import autocannon from 'autocannon';

/** Asks a server so many times and tells what it answered: in a process of its own, so that the server has one, too. */
process.on('message', async ({ url, amount }) => {
  const body = JSON.stringify({ email: 'alice@example.com' });
  const headers = { 'content-type': 'application/json' };
  // It looks every so many milliseconds whether it has done.
  const result = await autocannon({ url, method: 'POST', body, headers, amount, connections: 16, sampleInt: 10 });
  const { statusCodeStats, errors, start, finish } = result;
  const statuses = Object.entries(statusCodeStats).map(([status, { count }]) => [Number(status), count]);
  process.send({ statuses, errors, seconds: (finish - start) / 1000 });
});
process.once('disconnect', () => process.exit());
