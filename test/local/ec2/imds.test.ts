import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Imds, type ImdsOptions, imdsInstance, startImds } from '../../../local/ec2/imds.ts';
import { launchOne, REGION, T0, type TestWorld, USER_DATA, world } from './ec2-world.ts';

const TTL = 'x-aws-ec2-metadata-token-ttl-seconds';
const TOKEN = 'x-aws-ec2-metadata-token';

let test: TestWorld;
let id: string;
let now: number;
const open: Imds[] = [];

beforeEach(() => {
  test = world();
  id = launchOne(test, { market: 'spot' });
  now = T0 + 10_000;
  test.model.advance(now);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((imds) => imds.close()));
});

const signed = (document: string) => createHash('sha512').update(document).digest('base64').repeat(3);

async function start(more: Partial<ImdsOptions> = {}): Promise<Imds> {
  const imds = await startImds({
    instance: imdsInstance(test.model, id, REGION),
    signDocument: signed,
    isReachable: () => test.model.isMetadataReachable(id, now),
    spotAction: () => test.model.spotAction(id, now),
    now: () => now,
    ...more,
  });
  open.push(imds);
  return imds;
}

const askToken = (imds: Imds, headers: Record<string, string>) =>
  fetch(`${imds.url}/latest/api/token`, { method: 'PUT', headers });

async function tokenOf(imds: Imds, seconds = 60): Promise<string> {
  return (await askToken(imds, { [TTL]: String(seconds) })).text();
}

const get = (imds: Imds, path: string, token?: string) =>
  fetch(`${imds.url}${path}`, { headers: token === undefined ? {} : { [TOKEN]: token } });

async function read(imds: Imds, path: string): Promise<string> {
  const response = await get(imds, path, await tokenOf(imds));
  expect(response.status).toBe(200);
  return response.text();
}

describe('the metadata service of an instance', () => {
  it('gives a token for 1 second to 6 hours, and 400 for anything else', async () => {
    const imds = await start();
    for (const [ttl, status] of [
      ['1', 200],
      ['21600', 200],
      ['0', 400],
      ['21601', 400],
      ['-1', 400],
      ['x', 400],
    ] as const) {
      const response = await askToken(imds, { [TTL]: ttl });
      expect([ttl, response.status]).toEqual([ttl, status]);
      if (status === 200) expect(response.headers.get(TTL)).toBe(ttl);
    }
    expect((await askToken(imds, {})).status).toBe(400);
  });

  it('gives no token to a forwarded request', async () => {
    const imds = await start();
    expect((await askToken(imds, { [TTL]: '60', 'x-forwarded-for': '10.0.0.1' })).status).toBe(403);
  });

  it('answers 401 without a token, with a made-up one, and after its time', async () => {
    const imds = await start();
    const path = '/latest/meta-data/instance-id';
    const token = await tokenOf(imds, 60);
    expect((await get(imds, path)).status).toBe(401);
    expect((await get(imds, path, 'made-up')).status).toBe(401);
    expect((await get(imds, path, token)).status).toBe(200);
    now += 60_000;
    expect((await get(imds, path, token)).status).toBe(401);
  });

  it('serves identity, user data and where the instance is', async () => {
    const imds = await start();
    const document = test.model.identityDocument(id);
    expect(await read(imds, '/latest/dynamic/instance-identity/document')).toBe(document);
    const lines = (await read(imds, '/latest/dynamic/instance-identity/rsa2048')).split('\n');
    expect(lines.join('')).toBe(signed(document));
    expect(lines.slice(0, -1).every((line) => line.length === 76)).toBe(true);
    expect(await read(imds, '/latest/user-data')).toBe(USER_DATA);
    expect(await read(imds, '/latest/meta-data/instance-id')).toBe(id);
    expect(await read(imds, '/latest/meta-data/placement/availability-zone')).toBe('us-east-1a');
  });

  it('answers 404 for what is not there, user data that was never given included', async () => {
    const imds = await start({ instance: { ...imdsInstance(test.model, id, REGION), userData: '' } });
    const token = await tokenOf(imds);
    for (const path of [
      '/latest/user-data',
      '/latest/meta-data/iam/security-credentials',
      '/',
      '/constructor',
    ]) {
      expect((await get(imds, path, token)).status).toBe(404);
    }
    const posted = await fetch(`${imds.url}/latest/user-data`, {
      method: 'POST',
      headers: { [TOKEN]: token },
    });
    expect(posted.status).toBe(405);
  });

  it('shows a spot notice from the moment it is given', async () => {
    const imds = await start();
    const path = '/latest/meta-data/spot/instance-action';
    expect((await get(imds, path, await tokenOf(imds))).status).toBe(404);
    test.model.interrupt(id, now);
    expect(JSON.parse(await read(imds, path))).toEqual({ action: 'terminate', time: '2026-11-23T12:02:10Z' });
  });
});

describe('a disabled metadata endpoint', () => {
  const disable = () =>
    test.model.modifyInstanceMetadataOptions({ InstanceId: id, HttpEndpoint: 'disabled' }, now);

  it('stops answering once the change is applied, also to whoever holds a token', async () => {
    const imds = await start();
    const token = await tokenOf(imds);
    disable();
    expect((await get(imds, '/latest/user-data', token)).status).toBe(200);
    now += 2_000;
    await expect(get(imds, '/latest/user-data', token)).rejects.toThrow();
    await expect(askToken(imds, { [TTL]: '60' })).rejects.toThrow();
  });

  it('can answer 403 as well, as the guide of EC2 has it', async () => {
    const imds = await start({ whenDisabled: 'forbidden' });
    disable();
    now += 2_000;
    expect((await askToken(imds, { [TTL]: '60' })).status).toBe(403);
  });

  it('refuses a port in use', async () => {
    const imds = await start();
    const port = Number(new URL(imds.url).port);
    await expect(start({ port })).rejects.toThrow(/EADDRINUSE/);
  });
});
