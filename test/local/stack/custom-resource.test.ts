import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RunningStack } from '../../../local/stack/run.ts';
import { inlineFunction, scratch, startTemplate } from './local-stack.ts';

let folder: ReturnType<typeof scratch>;
let stack: RunningStack | undefined;
beforeEach(() => {
  folder = scratch();
});
afterEach(async () => {
  await stack?.close();
  stack = undefined;
  folder.remove();
});

const answer = (fields: string) => `
  console.log(JSON.stringify(event));
  await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify({ PhysicalResourceId: 'p-1', ${fields} }) });`;
const templateWith = (body: string) => ({
  Resources: {
    F: inlineFunction(body),
    NoRetry: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: { FunctionName: { Ref: 'F' }, Qualifier: '$LATEST', MaximumRetryAttempts: 0 },
    },
    Cr: {
      Type: 'Custom::Teardown',
      DependsOn: ['NoRetry'],
      Properties: { ServiceToken: { 'Fn::GetAtt': ['F', 'Arn'] }, count: 3, deep: [{ on: true }] },
    },
    Q: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { 'Fn::GetAtt': ['Cr', 'Name'] } } },
    Kept: { Type: 'AWS::SQS::Queue', DeletionPolicy: 'Retain' },
  },
  Outputs: { Ref: { Value: { Ref: 'Cr' } } },
});
const asked = (): { RequestType: string; PhysicalResourceId?: string; ResourceProperties: unknown }[] =>
  readFileSync(join(folder.path, 'logs', 'F.log'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('custom resources', () => {
  it('are created and deleted by their function, with every scalar as text and their data as attributes', async () => {
    stack = await startTemplate(templateWith(answer(`Status: 'SUCCESS', Data: { Name: 'named-by-it' }`)), {
      workDir: folder.path,
    });
    expect(stack.outputs).toEqual({ Ref: 'p-1' });
    expect(stack.resources.get('Q')?.ref).toContain('/named-by-it');
    await stack.removeStack();
    const [create, remove] = asked();
    expect(create).toMatchObject({
      RequestType: 'Create',
      ResourceType: 'Custom::Teardown',
      LogicalResourceId: 'Cr',
      ResourceProperties: { count: '3', deep: [{ on: 'true' }] },
    });
    expect(remove).toMatchObject({ RequestType: 'Delete', PhysicalResourceId: 'p-1' });
    expect([...stack.resources.keys()]).toEqual(['Kept']);
  });

  it('fail the start with the reason that the function gave', async () => {
    const started = startTemplate(templateWith(answer(`Status: 'FAILED', Reason: 'no quota'`)), {
      workDir: folder.path,
    });
    await expect(started).rejects.toThrow('Cr (Custom::Teardown): Create failed: no quota');
  });

  it('fail at once when the function fails for good, not after the timeout', async () => {
    const started = startTemplate(templateWith(`throw new TypeError('broken')`), { workDir: folder.path });
    await expect(started).rejects.toThrow('Cr (Custom::Teardown): Create failed: TypeError: broken');
  });

  it('stop the removal when they cannot be deleted, with all that they need still there', async () => {
    const status = `Status: event.RequestType === 'Delete' ? 'FAILED' : 'SUCCESS', Reason: 'still in use', Data: { Name: 'n' }`;
    stack = await startTemplate(templateWith(answer(status)), { workDir: folder.path });
    await expect(stack.removeStack()).rejects.toThrow(
      'deleting Cr (Custom::Teardown): Delete failed: still in use',
    );
    expect([...stack.resources.keys()].sort()).toEqual(['Cr', 'F', 'Kept', 'NoRetry']);
  });
});
