import { z } from 'zod';
import { nodeHttp } from '../../../images/agent/http.ts';
import type { RunnerConfig } from './runner-files.ts';
import type { Conclusion, StepEnd } from './steps.ts';

/** The runner's version: one that the simulated GitHub may be told to refuse. */
export const RUNNER_VERSION = '2.336.0';

const jobMessage = z.object({
  jobId: z.string(),
  name: z.string(),
  steps: z.array(z.object({ name: z.string(), run: z.string() })),
  /** The `GITHUB_*` variables of its steps. */
  variables: z.record(z.string(), z.string()),
});
export type JobMessage = z.infer<typeof jobMessage>;

const message = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('job'), jobId: z.string() }),
  z.object({ kind: z.literal('cancel'), jobId: z.string() }),
  z.object({ kind: z.literal('gone') }),
]);
/** `gone`: the registration or its session is no more. `failed`: no usable answer, ask again later. */
export type BrokerMessage = z.infer<typeof message> | { readonly kind: 'failed' };

/** What opening a session came to; `gone`: the registration was deleted or never there. */
export type SessionEnd = 'open' | 'conflict' | 'gone' | 'deprecated' | 'failed';

/** The runner's side of the simulated GitHub: what of the real protocol (broker and run service) decides anything. */
export interface Broker {
  openSession(): Promise<SessionEnd>;
  /** A long poll; given up when the signal is aborted. */
  nextMessage(signal: AbortSignal): Promise<BrokerMessage>;
  /** Undefined when the job is not, or no longer, this runner's. */
  acquire(jobId: string): Promise<JobMessage | undefined>;
  renew(jobId: string): Promise<'kept' | 'lost' | 'failed'>;
  complete(jobId: string, conclusion: Conclusion, steps: readonly StepEnd[]): Promise<void>;
  closeSession(): Promise<void>;
}

/** Real ms: longer than any long poll, which the real broker holds for 50 s. */
const ANSWER_MAX_MS = 60_000;
const ANSWER_BYTES_MAX = 4 * 1_048_576;
const JSON_TYPE = { 'content-type': 'application/json' };
const SESSION_ENDS: Readonly<Record<number, SessionEnd>> = {
  401: 'gone',
  409: 'conflict',
  426: 'deprecated',
};

/** Speaks to the address that `.runner` names. The key leaves only with the opening of the session. */
export function createBroker(config: RunnerConfig): Broker {
  let session = '';
  const bounds = { timeoutMs: ANSWER_MAX_MS, bytesMax: ANSWER_BYTES_MAX };
  const urlOf = (path: string) => new URL(path, config.ServerUrlV2).href;
  const post = (path: string, body: unknown = {}) =>
    nodeHttp.send({
      method: 'POST',
      url: urlOf(path),
      headers: JSON_TYPE,
      body: JSON.stringify(body),
      ...bounds,
    });
  const ofJob = (jobId: string, act: string, body?: unknown) =>
    post(`sessions/${session}/jobs/${jobId}/${act}`, body);
  return {
    openSession: async () => {
      const { clientId, rsaParams } = config;
      const answer = await post('sessions', {
        clientId,
        rsaParams,
        version: RUNNER_VERSION,
        os: 'Linux',
      });
      if (answer?.status !== 201) return SESSION_ENDS[answer?.status ?? 0] ?? 'failed';
      session = z.object({ sessionId: z.string() }).parse(JSON.parse(answer.body)).sessionId;
      return 'open';
    },
    nextMessage: async (signal) => {
      const url = urlOf(`sessions/${session}/message`);
      const answer = await nodeHttp.send({ method: 'GET', url, ...bounds, signal });
      return answer?.status === 200 ? message.parse(JSON.parse(answer.body)) : { kind: 'failed' };
    },
    acquire: async (jobId) => {
      const answer = await ofJob(jobId, 'acquire');
      return answer?.status === 200 ? jobMessage.parse(JSON.parse(answer.body)) : undefined;
    },
    renew: async (jobId) => {
      const answer = await ofJob(jobId, 'renew');
      if (answer?.status === 204) return 'kept';
      return answer?.status === 404 ? 'lost' : 'failed';
    },
    complete: async (jobId, conclusion, steps) => {
      await ofJob(jobId, 'finish', { conclusion, steps });
    },
    closeSession: async () => {
      await nodeHttp.send({ method: 'DELETE', url: urlOf(`sessions/${session}`), ...bounds });
    },
  };
}
