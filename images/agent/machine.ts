import { type UserData, userData } from '../../lambdas/contracts/claim.ts';
import { instanceId } from '../../lambdas/contracts/text.ts';
import { spacing } from './decide-spacing.ts';
import { fault } from './fault.ts';
import type { Clock, Dice } from './host.ts';
import type { Http } from './http.ts';

/** What the machine knows of itself from its metadata, read once: the endpoint is closed afterwards. */
export type Machine = {
  readonly instanceId: string;
  /** The rsa2048 answer as served: base64 of a CMS. */
  readonly identity: string;
  readonly userData: UserData;
};

type Parts = { readonly http: Http; readonly clock: Clock; readonly dice: Dice };
type Source = { readonly metadataUrl: string; readonly timings: { readonly metadataAnswerMs: number } };

/** Seconds. Long enough for the three reads; worthless to anyone afterwards. */
const TOKEN_TTL_SECONDS = 60;
/** Metadata answers within the first second of a boot; a minute without is a broken machine. */
const TRIES_MAX = 20;
const SPACING_MAX_MS = 4_000;
/** User data is at most 16 KiB (EC2 user guide); the CMS about 2 KiB. */
const ANSWER_BYTES_MAX = 32_768;

/** The first network act. Rejects with a sentence when metadata stays silent or says something that is not ours. */
export async function readMachine(parts: Parts, source: Source): Promise<Machine> {
  const token = await read(parts, source, 'PUT', '/latest/api/token');
  const get = (path: string) => read(parts, source, 'GET', path, token);
  const identity = (await get('/latest/dynamic/instance-identity/rsa2048')).trim();
  const id = instanceId.safeParse((await get('/latest/meta-data/instance-id')).trim());
  if (!id.success) throw fault('metadata: want an instance id like i-0123456789abcdef0, got something else');
  return { instanceId: id.data, identity, userData: readUserData(await get('/latest/user-data')) };
}

async function read(parts: Parts, source: Source, method: 'GET' | 'PUT', ...at: [string, string?]) {
  const [path, token] = at;
  const headers: Record<string, string> =
    token === undefined
      ? { 'x-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_TTL_SECONDS) }
      : { 'x-aws-ec2-metadata-token': token };
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    const answer = await parts.http.send({
      method,
      url: `${source.metadataUrl}${path}`,
      headers,
      timeoutMs: source.timings.metadataAnswerMs,
      bytesMax: ANSWER_BYTES_MAX,
    });
    if (answer?.status === 200) return answer.body;
    await parts.clock.sleep(spacing(tries, SPACING_MAX_MS, parts.dice.fraction()));
  }
  throw fault(`metadata: ${path} did not answer 200 in ${TRIES_MAX} tries`);
}

function readUserData(text: string): UserData {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fault('user data: want the JSON of the launch template, got other text');
  }
  const read = userData.safeParse(value);
  if (!read.success) throw fault('user data: want protocolVersion, stackId, pool and claimUrl');
  if (!isPrivateWay(read.data.claimUrl)) throw fault('user data: want an https claimUrl');
  return read.data;
}

/** Identity, JIT files and tokens go over TLS, or do not leave the machine (local mode). */
export function isPrivateWay(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
}
