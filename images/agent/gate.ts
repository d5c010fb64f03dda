import { chmod, chown, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import type { Gate, GateAnswer } from './host.ts';
import type { AgentSettings } from './settings.ts';

/** The hook's line: GitHub's variables of one job; the event itself stays in its file. */
const LINE_BYTES_MAX = 65_536;
/** One job asks; more than a few at once are noise. */
const CONNECTIONS_MAX = 16;

/**
 * The socket on which the hook asks, in a folder of the agent's. An agent with the power to do so gives it to the runner
 * user; on an image it has no powers at all, and the socket is open to everyone on the machine, which is that user and
 * root. Either way a job that opens it later hears what its hook heard, and can change nothing by it.
 */
export async function openGate(
  { gateSocket, runnerUser }: Pick<AgentSettings, 'gateSocket' | 'runnerUser'>,
  answer: (line: string) => Promise<GateAnswer>,
): Promise<Gate> {
  if (gateSocket === null) return { close: async () => undefined };
  await rm(gateSocket, { force: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Who asks may go away at any time.
    socket.on('error', () => socket.destroy());
    serve(socket, answer);
  });
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(gateSocket, () => resolve());
  });
  if (runnerUser !== null) await chown(gateSocket, 0, runnerUser.gid);
  await chmod(gateSocket, runnerUser === null ? 0o666 : 0o660);
  return {
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function serve(socket: Socket, answer: (line: string) => Promise<GateAnswer>): void {
  let heard = '';
  socket.setEncoding('utf8');
  const hear = (part: string): void => {
    heard += part;
    if (heard.length > LINE_BYTES_MAX) socket.destroy();
    const end = heard.indexOf('\n');
    if (end === -1 || socket.destroyed) return;
    socket.off('data', hear);
    answer(heard.slice(0, end)).then((said) => {
      if (!socket.destroyed) socket.write(`${JSON.stringify(said)}\n`);
    });
  };
  socket.on('data', hear);
}
