// The server of run.mjs, in a process of its own: `node server.mjs fiber|async [plain|lookup]`. Tells its port.
import { serverOf } from './handlers.mjs';

const [variant, work = 'lookup'] = process.argv.slice(2);

const server = serverOf(variant, work);
server.listen(0, '127.0.0.1', () => process.send?.({ port: server.address().port }));
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpu: user + system });
});
process.on('disconnect', () => process.exit());
