import { createHash, generateKeyPairSync, verify } from 'node:crypto';
import { GetPublicKeyCommand, SignCommand } from '@aws-sdk/client-kms';
import { GetSecretValueCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, GetParametersCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OpenDoor, openDoor } from './open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.end());

describe('the local KMS', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const SigningAlgorithm = 'RSASSA_PKCS1_V1_5_SHA_256';
  const Message = Buffer.from('header.payload');
  const sign = (KeyId: string) =>
    door.clients.kms.send(new SignCommand({ KeyId, Message, SigningAlgorithm }));

  it('signs only after its key was imported, by id, ARN and alias, raw and by digest', async () => {
    door.kms.create({ id: 'k1', arn: 'arn:aws:kms:us-east-1:000000000000:key/k1' });
    door.kms.createAlias('alias/app', 'k1');
    await expect(sign('k1')).rejects.toMatchObject({ name: 'KMSInvalidStateException' });
    door.kms.importKey('k1', pem);
    for (const id of ['k1', 'arn:aws:kms:us-east-1:000000000000:key/k1', 'alias/app']) {
      const { Signature } = await sign(id);
      expect(verify('sha256', Message, publicKey, Signature ?? new Uint8Array())).toBe(true);
    }
    const digest = createHash('sha256').update(Message).digest();
    const byDigest = await door.clients.kms.send(
      new SignCommand({ KeyId: 'k1', Message: digest, MessageType: 'DIGEST', SigningAlgorithm }),
    );
    expect(verify('sha256', Message, publicKey, byDigest.Signature ?? new Uint8Array())).toBe(true);
    const { PublicKey } = await door.clients.kms.send(new GetPublicKeyCommand({ KeyId: 'k1' }));
    expect(Buffer.from(PublicKey ?? [])).toEqual(publicKey.export({ type: 'spki', format: 'der' }));
  });

  it('refuses other algorithms, keys it does not know, and material that is not RSA 2048', async () => {
    const pss = new SignCommand({ KeyId: 'k1', Message, SigningAlgorithm: 'RSASSA_PSS_SHA_256' });
    await expect(door.clients.kms.send(pss)).rejects.toThrow(/want RSASSA_PKCS1_V1_5_SHA_256/);
    await expect(sign('other')).rejects.toMatchObject({ name: 'NotFoundException' });
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
      type: 'pkcs8',
      format: 'pem',
    });
    expect(() => door.kms.importKey('k1', ec.toString())).toThrow(/want an RSA key of 2048 bits/);
  });
});

describe('the local parameter store', () => {
  it('gives what was put, and names what is missing', async () => {
    const { ssm } = door.clients;
    const put = (Value: string, Overwrite?: boolean) =>
      ssm.send(
        new PutParameterCommand({ Name: '/app/id', Value, Type: 'String', ...(Overwrite && { Overwrite }) }),
      );
    expect((await put('1')).Version).toBe(1);
    await expect(put('2')).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
    expect((await put('2', true)).Version).toBe(2);
    const one = await ssm.send(new GetParameterCommand({ Name: '/app/id', WithDecryption: true }));
    expect(one.Parameter).toMatchObject({ Value: '2', Version: 2, Type: 'String' });
    const many = await ssm.send(new GetParametersCommand({ Names: ['/app/id', '/none'] }));
    expect([many.Parameters?.length, many.InvalidParameters]).toEqual([1, ['/none']]);
    await expect(ssm.send(new GetParameterCommand({ Name: '/none' }))).rejects.toMatchObject({
      name: 'ParameterNotFound',
    });
  });
});

describe('the local secrets', () => {
  it('keep the previous text when a new one is put, once per token', async () => {
    door.secrets.create({ arn: 'arn:secret', name: 'webhook', text: 'old' });
    const put = new PutSecretValueCommand({
      SecretId: 'webhook',
      SecretString: 'new',
      ClientRequestToken: 'a'.repeat(32),
    });
    await door.clients.secrets.send(put);
    await door.clients.secrets.send(put);
    const get = (VersionStage?: string) =>
      door.clients.secrets.send(
        new GetSecretValueCommand({ SecretId: 'arn:secret', ...(VersionStage && { VersionStage }) }),
      );
    expect((await get()).SecretString).toBe('new');
    expect((await get('AWSPREVIOUS')).SecretString).toBe('old');
    await expect(get('OTHER')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
