import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, answerOf, jsonText, refusal } from './answer.ts';
import { etagOf } from './api.ts';
import type { GitHubModel } from './model.ts';
import { answerRunner, polledSession, RUNNER_ROOT, type RunnerRequest } from './runner-protocol.ts';
import { createWaiting, type Waiting } from './waiting.ts';

export interface GitHubHttpParts {
  readonly model: GitHubModel;
  /** Epoch ms; default the machine's clock. */
  readonly now?: () => number;
  /** How long a runner's poll is held open, in real ms. Well below the model's `silenceMaxMs` at the run's speed. */
  readonly pollMaxMs?: number;
}

/** No request of an App comes near this; more is refused before it is read. */
const BODY_BYTES_MAX = 1_048_576;
/** The real long poll lasts about 50 s; this is short enough for a run at sixty times the speed. */
const POLL_USUAL_MS = 1_000;

export interface GitHubHttp {
  readonly listener: RequestListener;
  /** Answers the polls for which something has come up; call it after changing the model in this process. */
  wake(): void;
}

/** The model over HTTP: REST at the root, the runner's protocol under `/_runner/`. */
export function createGitHubHttp(parts: GitHubHttpParts): GitHubHttp {
  const { model, now = Date.now, pollMaxMs = POLL_USUAL_MS } = parts;
  const waiting = createWaiting(pollMaxMs);
  const wake = () => waiting.wake(model.takeWoken());
  const respond = async (request: IncomingMessage): Promise<Answer> => {
    const body = await bodyOf(request);
    if (body.refused !== undefined) return body.refused;
    const { method = 'GET', url = '/', headers } = request;
    if (url.startsWith(RUNNER_ROOT)) {
      const path = url.slice(RUNNER_ROOT.length).split('?')[0] ?? '';
      return answerHeld({ model, now, waiting }, { method, path, body: body.value });
    }
    const { authorization, 'if-none-match': etag } = headers;
    const baseUrl = `http://${headers.host ?? 'localhost'}`;
    return model.request(
      { method, path: url, headers: { authorization, 'if-none-match': etag }, body: body.value, baseUrl },
      now(),
    );
  };
  const listener: RequestListener = (request, response) => {
    respond(request)
      // A bug of the model: the caller sees GitHub's word for it, the console the error; no bug if the caller broke off.
      .catch((error: unknown) => {
        if (request.complete) console.error(error);
        return refusal(500, 'Server Error');
      })
      .then((answer) => write(response, request.method, answer))
      .finally(wake);
  };
  return { listener, wake };
}

/** A poll with nothing to say waits until its session is woken or the time is up, and then asks once more. */
async function answerHeld(
  parts: { readonly model: GitHubModel; readonly now: () => number; readonly waiting: Waiting },
  request: RunnerRequest,
): Promise<Answer> {
  const { model, now, waiting } = parts;
  const session = polledSession(request);
  if (session === undefined) return answerRunner(model, request, now());
  const message = model.poll(session, now());
  if (message.kind !== 'none') return answerOf(200, message);
  await waiting.for(session);
  return answerOf(200, model.poll(session, now()));
}

async function bodyOf(
  request: IncomingMessage,
): Promise<{ readonly value?: unknown; readonly refused?: Answer }> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > BODY_BYTES_MAX) return { refused: refusal(413, 'Payload Too Large') };
    parts.push(part);
  }
  if (bytes === 0) return {};
  try {
    return { value: JSON.parse(Buffer.concat(parts).toString('utf8')) };
  } catch {
    return { refused: refusal(400, 'Problems parsing JSON') };
  }
}

function write(response: ServerResponse, method: string | undefined, answer: Answer): void {
  const isTagged = method === 'GET' && answer.status === 200;
  response.writeHead(answer.status, {
    ...answer.headers,
    'x-github-media-type': 'github.v3; format=json',
    ...(isTagged && { etag: etagOf(answer) }),
    ...(answer.body !== undefined && { 'content-type': 'application/json; charset=utf-8' }),
  });
  response.end(answer.body === undefined ? undefined : jsonText(answer.body));
}

export interface RunningGitHub {
  /** Base URL for clients, without a slash at its end. */
  readonly url: string;
  wake(): void;
  close(): Promise<void>;
}

/** Serves the model on this machine. Rejects with one sentence when the port is taken. */
export async function startGitHub(
  parts: GitHubHttpParts & { readonly port?: number },
): Promise<RunningGitHub> {
  const { listener, wake } = createGitHubHttp(parts);
  const server = createServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new Error(
          `simulated GitHub: want port ${parts.port ?? 0} free, got ${error.message}: choose another`,
        ),
      ),
    );
    server.listen(parts.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, wake, close };
}
