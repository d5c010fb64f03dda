import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { jsonError } from '../../../local/aws/answer.ts';
import { answerWith, dropAnswer } from '../../../local/aws/faults.ts';
import { fastClock } from '../stack/local-stack.ts';
import { type OpenDoor, openDoor } from './open-door.ts';

let door: OpenDoor;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(() => door.end());

const put = (Name: string) =>
  door.clients.ssm.send(new PutParameterCommand({ Name, Value: 'v', Type: 'String' }));

describe('the front door', () => {
  it('counts calls and refusals per action, and logs refusals without values', async () => {
    await put('/a');
    const secret = new PutParameterCommand({ Name: '/b', Value: 'hush-hush', Type: 'String', Policies: 'p' });
    await expect(door.clients.ssm.send(secret)).rejects.toThrow(
      /PutParameter not modelled locally: Policies/,
    );
    expect(door.door.counts.list()).toEqual([{ api: 'ssm', action: 'PutParameter', calls: 2, refused: 1 }]);
    const log = readFileSync(join(door.workDir, 'logs', 'aws.log'), 'utf8');
    expect(log).toMatch(/refused ssm PutParameter for AKIALOCALTestN1/);
    expect(log).not.toContain('hush-hush');
  });

  it('refuses a service that nothing models', async () => {
    const headers = {
      'x-amz-target': 'AWSEvents.PutEvents',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/events/aws4_request, SignedHeaders=host, Signature=0',
    };
    const answer = await fetch(door.door.url, { method: 'POST', body: '{}', headers });
    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringContaining('service events is not modelled'),
    ]);
    expect((await fetch(door.door.url, { method: 'POST', body: '{}' })).status).toBe(400);
  });

  it('can lose the answer of a call that happened', async () => {
    door.door.faults.before('ssm', 'PutParameter', dropAnswer);
    await expect(put('/a')).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(door.ssm.get('/a')).toBe('v');
    expect(door.door.faults.left()).toBe(0);
    await put('/b');
  });

  it('can answer instead of the service, only for the calls meant', async () => {
    const throttled = answerWith(jsonError('ThrottlingException', 'slow down', 400));
    door.door.faults.before('ssm', 'PutParameter', throttled, {
      when: ({ parameters, caller }) => caller === 'Test' && parameters['Name'] === '/b',
    });
    await put('/a');
    await expect(put('/b')).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect(door.ssm.get('/b')).toBeUndefined();
  });

  it('answers in virtual time, so that no client thinks its clock is wrong', async () => {
    await door.end();
    const clock = fastClock(100, 3_600_000);
    door = await openDoor(clock);
    await put('/a');
    const answer = await fetch(door.door.url);
    const told = Date.parse(answer.headers.get('date') ?? '');
    expect(Math.abs(told - clock.now())).toBeLessThan(60_000);
    expect(told - Date.now()).toBeGreaterThan(98 * 3_600_000);
  });
});
