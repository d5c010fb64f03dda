import { z } from 'zod';
import type { Runner } from './types.ts';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');

/** Half the length of a 2,048-bit modulus: the primes and exponents of an RSA key file. */
const HALF_KEY_BYTES = 128;

/**
 * What generate-jitconfig hands out: base64 of a JSON object, file name to base64 of the file. The private exponent
 * `d` is the runner's key; the rest only has the form of one.
 */
export function encodeJitConfig(
  runner: Runner,
  where: { readonly baseUrl: string; readonly workFolder: string },
): string {
  const serverUrl = `${where.baseUrl}/_runner/`;
  return encode({
    '.runner': encode({
      AgentId: String(runner.id),
      AgentName: runner.name,
      PoolId: String(runner.group.id),
      PoolName: runner.group.name,
      DisableUpdate: 'False',
      Ephemeral: true,
      ServerUrl: serverUrl,
      GitHubUrl: '',
      WorkFolder: where.workFolder,
      UseV2Flow: true,
      ServerUrlV2: serverUrl,
      SkipSessionRecover: 'True',
    }),
    '.credentials': encode({
      scheme: 'OAuth',
      data: {
        clientId: runner.clientId,
        authorizationUrl: `${serverUrl}oauth2/token`,
        authorizationUrlV2: `${serverUrl}oauth2/token`,
        requireFipsCryptography: 'True',
      },
    }),
    '.credentials_rsaparams': encode({ d: runner.secret, ...KEY_FORM }),
  });
}

/** Parts of a key file that only have the length and form of RSA's: the same for every runner, and no secret. */
const filler = (bytes: number): string => Buffer.alloc(bytes, 'not a key').toString('base64');
const KEY_FORM = {
  dp: filler(HALF_KEY_BYTES),
  dq: filler(HALF_KEY_BYTES),
  exponent: 'AQAB',
  inverseQ: filler(HALF_KEY_BYTES),
  modulus: filler(2 * HALF_KEY_BYTES),
  p: filler(HALF_KEY_BYTES),
  q: filler(HALF_KEY_BYTES),
} as const;

const files = z.object({
  '.runner': z.string(),
  '.credentials': z.string(),
  '.credentials_rsaparams': z.string(),
});
const credentialsFile = z.object({ data: z.object({ clientId: z.string() }) });
const keyFile = z.object({ d: z.string() });

const decode = (text: string): unknown => JSON.parse(Buffer.from(text, 'base64').toString('utf8'));

/** The credentials inside an encoded JIT configuration. Throws when it is none, without saying what it holds. */
export function readJitConfig(encoded: string): { readonly clientId: string; readonly key: string } {
  try {
    const parts = files.parse(decode(encoded));
    const { data } = credentialsFile.parse(decode(parts['.credentials']));
    return { clientId: data.clientId, key: keyFile.parse(decode(parts['.credentials_rsaparams'])).d };
  } catch {
    throw new Error(
      'JIT configuration: want the base64 text that generate-jitconfig answered, got something else',
    );
  }
}

/** The key inside the text of `.credentials_rsaparams`; undefined when it has none. */
export function keyInFile(text: string): string | undefined {
  try {
    return keyFile.parse(JSON.parse(text)).d;
  } catch {
    return undefined;
  }
}
