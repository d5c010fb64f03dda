import { KMSClient, type KMSClientConfig, SignCommand } from '@aws-sdk/client-kms';
import { done, failed, type Outcome } from '../ports/outcome.ts';
import { callLimits } from './aws-call.ts';
import { faultOf } from './faults.ts';

const REQUEST_MAX_MS = 3_000;

/** One repeat by the SDK: signing changes nothing. */
export const kmsClient = (config: KMSClientConfig = {}): KMSClient =>
  new KMSClient({ ...callLimits({ requestMaxMs: REQUEST_MAX_MS, attemptsMax: 2 }), ...config });

/** The two KMS keys that the App's private key may stand in: ids or ARNs. */
export type AppKeys = Readonly<Record<'a' | 'b', string>>;

/** RSASSA-PKCS1-v1_5 with SHA-256 over a text of at most 4,096 bytes, by the key of a slot. The key never leaves KMS. */
export type Sign = (slot: 'a' | 'b', text: string) => Promise<Outcome<Uint8Array>>;

export const createKmsSigner =
  (client: KMSClient, keys: AppKeys): Sign =>
  async (slot, text) => {
    try {
      const answer = await client.send(
        new SignCommand({
          KeyId: keys[slot],
          Message: Buffer.from(text),
          MessageType: 'RAW',
          SigningAlgorithm: 'RSASSA_PKCS1_V1_5_SHA_256',
        }),
      );
      if (answer.Signature === undefined) return failed({ kind: 'refused', code: 'answer-unreadable' });
      return done(answer.Signature);
    } catch (error) {
      return failed(faultOf(error, 'read'));
    }
  };
