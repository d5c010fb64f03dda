import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { failureOf, launchOne, successOf, T0, TEMPLATE_DATA, type TestWorld, world } from './ec2-world.ts';

const SECOND = 1000;
/** Published by AWS's own service for one instance; see the note in the file. */
const GENUINE = join(import.meta.dirname, '../../data/identity-document-us-west-2.json');

function running(test: TestWorld): string {
  const id = launchOne(test);
  test.model.advance(T0 + 5 * SECOND);
  return id;
}

const NOW = T0 + 10 * SECOND;

const disable = ({ model }: TestWorld, InstanceId: string, now = NOW) =>
  model.modifyInstanceMetadataOptions({ InstanceId, HttpEndpoint: 'disabled' }, now);

const described = ({ model }: TestWorld, id: string, now: number) =>
  successOf(model.describeInstances({ InstanceIds: [id] }, now)).Reservations[0]?.Instances[0]
    ?.MetadataOptions;

describe('the metadata endpoint', () => {
  it('is reachable while the instance runs, unless its template disables it', () => {
    const test = world();
    const id = launchOne(test);
    expect(test.model.isMetadataReachable(id, T0 + 5 * SECOND - 1)).toBe(false);
    expect(test.model.isMetadataReachable(id, T0 + 5 * SECOND)).toBe(true);
    test.model.putLaunchTemplate(
      'pool',
      { ...TEMPLATE_DATA, MetadataOptions: { HttpEndpoint: 'disabled' } },
      T0,
    );
    const closed = launchOne(test, { version: '2' });
    expect(test.model.isMetadataReachable(closed, T0 + 10 * SECOND)).toBe(false);
  });

  it('stays open while its change is pending, and closes when it is applied', () => {
    const test = world();
    const id = running(test);
    const answer = successOf(disable(test, id));
    expect(answer.InstanceMetadataOptions).toEqual({
      State: 'pending',
      HttpEndpoint: 'disabled',
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 1,
      HttpProtocolIpv6: 'disabled',
      InstanceMetadataTags: 'disabled',
    });
    expect(test.model.isMetadataReachable(id, NOW + 2 * SECOND - 1)).toBe(true);
    expect(described(test, id, NOW + 2 * SECOND - 1)?.State).toBe('pending');
    expect(test.model.isMetadataReachable(id, NOW + 2 * SECOND)).toBe(false);
    expect(described(test, id, NOW + 2 * SECOND)).toMatchObject({
      State: 'applied',
      HttpEndpoint: 'disabled',
    });
  });

  it('is not delayed by asking again', () => {
    const test = world();
    const id = running(test);
    successOf(disable(test, id));
    successOf(disable(test, id, NOW + SECOND));
    expect(test.model.isMetadataReachable(id, NOW + 2 * SECOND)).toBe(false);
    expect(successOf(disable(test, id, NOW + 3 * SECOND)).InstanceMetadataOptions.State).toBe('applied');
  });

  it('follows the last of two changes, and never the first once it is taken back', () => {
    const test = world();
    const id = running(test);
    successOf(disable(test, id));
    const back = { InstanceId: id, HttpEndpoint: 'enabled' } as const;
    successOf(test.model.modifyInstanceMetadataOptions(back, NOW + SECOND));
    expect(test.model.isMetadataReachable(id, NOW + 2 * SECOND)).toBe(true);
    expect(described(test, id, NOW + 2 * SECOND)?.State).toBe('pending');
    expect(described(test, id, NOW + 3 * SECOND)).toMatchObject({
      State: 'applied',
      HttpEndpoint: 'enabled',
    });
  });

  it('takes 1 to 5 seconds unless told otherwise', () => {
    const test = world({ knobs: { metadataApplyMs: { minMs: 1_000, maxMs: 5_000 } } });
    const ids = Array.from({ length: 40 }, () => launchOne(test));
    test.model.advance(NOW);
    for (const id of ids) successOf(disable(test, id));
    const open = (now: number) => ids.filter((id) => test.model.isMetadataReachable(id, now)).length;
    expect(open(NOW + SECOND - 1)).toBe(40);
    const halfway = open(NOW + 3 * SECOND);
    expect(halfway).toBeGreaterThan(0);
    expect(halfway).toBeLessThan(40);
    expect(open(NOW + 5 * SECOND)).toBe(0);
  });

  it('may stay pending for ever, if the knob says so', () => {
    const test = world({ knobs: { metadataStuckShare: 1 } });
    const id = running(test);
    successOf(disable(test, id));
    expect(test.model.isMetadataReachable(id, NOW + 3_600_000)).toBe(true);
    expect(described(test, id, NOW + 3_600_000)?.State).toBe('pending');
  });

  it('cannot be changed on an instance that is unknown or being ended', () => {
    const test = world();
    const id = running(test);
    expect(failureOf(disable(test, 'i-00000000000000001')).code).toBe('InvalidInstanceID.NotFound');
    successOf(test.model.terminateInstances({ InstanceIds: [id] }, NOW));
    expect(failureOf(disable(test, id)).code).toBe('IncorrectInstanceState');
  });
});

describe('the identity document', () => {
  it('has the bytes that the metadata service serves', () => {
    const test = world();
    const id = launchOne(test);
    expect(test.model.identityDocument(id)).toBe(
      `{
  "accountId" : "123456789012",
  "architecture" : "x86_64",
  "availabilityZone" : "us-east-1a",
  "billingProducts" : null,
  "devpayProductCodes" : null,
  "marketplaceProductCodes" : null,
  "imageId" : "ami-x64",
  "instanceId" : "${id}",
  "instanceType" : "m7i.large",
  "kernelId" : null,
  "pendingTime" : "2026-11-23T12:00:00Z",
  "privateIp" : "10.0.0.4",
  "ramdiskId" : null,
  "region" : "us-east-1",
  "version" : "2017-09-30"
}`,
    );
  });

  it('is laid out as a genuine one', () => {
    const { rsa2048 }: { rsa2048: string } = JSON.parse(readFileSync(GENUINE, 'utf8'));
    const envelope = Buffer.from(rsa2048, 'base64').toString('latin1');
    const genuine = envelope.slice(envelope.indexOf('{'), envelope.indexOf('}') + 1);
    const layout = (document: string) => document.replace(/: "[^"]*"/g, ': "…"');
    const test = world();
    expect(layout(test.model.identityDocument(launchOne(test)))).toBe(layout(genuine));
  });
});
