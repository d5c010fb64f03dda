import { createServer } from 'node:net';
import { UsageError } from './options.ts';

/** Resolves if a server may listen at this port of the machine; throws one sentence if not. */
export async function requireFreePort(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'it is in use' : error.message;
      reject(
        new UsageError(`--port: want port ${port} of this machine, but ${why}: free it, or name another.`),
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}
