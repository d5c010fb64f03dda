import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Subnet } from '../../../local/stack/context.ts';
import { type RunningStack, startStack } from '../../../local/stack/run.ts';
import { fastClock, inlineFunction, NO_EC2, scratch, startTemplate, writeAssembly } from './local-stack.ts';

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

describe('startStack', () => {
  it.each([
    [
      'a type',
      { Bucket: { Type: 'AWS::Kinesis::Stream' } },
      /types not modelled locally: AWS::Kinesis::Stream \(Bucket\)/,
    ],
    [
      'a property',
      { Q: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } } },
      /Q \(AWS::SQS::Queue\).*FifoQueue/,
    ],
    [
      'a nested property',
      {
        R: {
          Type: 'AWS::Events::Rule',
          Properties: { Targets: [{ Id: 'a', Arn: 'b', InputTransformer: {} }] },
        },
      },
      /R \(AWS::Events::Rule\).*Targets.0.*InputTransformer/,
    ],
    [
      'a launch template field',
      { L: { Type: 'AWS::EC2::LaunchTemplate', Properties: { LaunchTemplateData: { ImageID: 'ami-1' } } } },
      /L \(AWS::EC2::LaunchTemplate\).*ImageID/,
    ],
    [
      'a pattern operator',
      { R: { Type: 'AWS::Events::Rule', Properties: { EventPattern: { source: [{ wildcard: 'a*' }] } } } },
      /pattern.source.*wildcard.*not modelled/,
    ],
    [
      'a schedule',
      { R: { Type: 'AWS::Events::Rule', Properties: { ScheduleExpression: 'cron(0 0 * * ? *)' } } },
      /cron.*not modelled/,
    ],
    [
      'an environment name that Lambda reserves',
      { F: inlineFunction('', { Environment: { Variables: { AWS_REGION: 'x' } } }) },
      /F .*Lambda reserves the names AWS_REGION/,
    ],
  ])('refuses %s that nothing here models, by name', async (_what, Resources, sentence) => {
    await expect(startTemplate({ Resources }, { workDir: folder.path })).rejects.toThrow(sentence);
  });

  it('refuses a queue that shows messages again while they are worked on, as Lambda does', async () => {
    const Resources = {
      Q: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 10 } },
      F: inlineFunction('', { Timeout: 15 }),
      M: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: { EventSourceArn: { 'Fn::GetAtt': ['Q', 'Arn'] }, FunctionName: { Ref: 'F' } },
      },
    };
    const started = startTemplate({ Resources }, { workDir: folder.path });
    await expect(started).rejects.toThrow(/visibility 10 s is less than the function's 15 s/);
  });

  it('says what is missing when there is no synthesized app, or not the stack asked for', async () => {
    const [assemblyDir, clock] = [join(folder.path, 'none'), fastClock()];
    const options = { assemblyDir, clock, workDir: folder.path, ec2: NO_EC2 };
    await expect(startStack(options)).rejects.toThrow(/no synthesized app in .*: run cdk synth/);
    writeAssembly(assemblyDir, { Resources: {} });
    const other = startStack({ ...options, stackName: 'Other' });
    await expect(other).rejects.toThrow(/want one stack named Other in .*, got: Test/);
  });

  it('refuses a given parameter that the template does not know', async () => {
    const overrides = { parameters: { Stgae: 'x' } };
    const started = startTemplate({ Resources: {} }, { workDir: folder.path, overrides });
    await expect(started).rejects.toThrow('not in the template: Stgae');
  });

  it('gives outputs, physical names and subnets by zone', async () => {
    const subnets: Subnet[] = [];
    const Resources = {
      Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.0.0.0/16' } },
      Net: {
        Type: 'AWS::EC2::Subnet',
        Properties: {
          VpcId: { Ref: 'Vpc' },
          AvailabilityZone: { 'Fn::Select': [1, { 'Fn::GetAZs': '' }] },
          CidrBlock: '10.0.0.0/20',
        },
      },
      Q: { Type: 'AWS::SQS::Queue' },
      Off: { Type: 'AWS::SQS::Queue', Condition: 'Never' },
    };
    const Outputs = {
      Queue: { Value: { 'Fn::GetAtt': ['Q', 'Arn'] } },
      Off: { Value: { Ref: 'Off' }, Condition: 'Never' },
    };
    const template = { Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } }, Resources, Outputs };
    const ec2 = { ...NO_EC2, addSubnet: (subnet: Subnet) => subnets.push(subnet) };
    stack = await startTemplate(template, { workDir: folder.path, ec2, region: 'eu-west-1' });
    expect(stack.outputs).toEqual({
      Queue: expect.stringMatching(/^arn:aws:sqs:eu-west-1:000000000000:Test-Q-/),
    });
    expect(stack.resources.get('Q')?.ref).toMatch(`${stack.endpointUrl}/000000000000/Test-Q-`);
    expect(subnets).toEqual([
      {
        subnetId: stack.resources.get('Net')?.ref,
        vpcId: stack.resources.get('Vpc')?.ref,
        zone: 'eu-west-1b',
        cidrBlock: '10.0.0.0/20',
      },
    ]);
  });

  it('lets the caller replace a file in a copy of the code, never in the assembly', async () => {
    const assetOverlay = (_id: string, directory: string) =>
      writeFileSync(join(directory, 'index.js'), 'exports.handler = async () => "overlaid"');
    const Resources = { F: inlineFunction('return "original"') };
    stack = await startTemplate({ Resources }, { workDir: folder.path, assetOverlay });
    expect(await stack.invoke('F', {})).toMatchObject({ payload: 'overlaid' });
    expect(readFileSync(join(folder.path, 'cdk.out', 'Test.template.json'), 'utf8')).toContain('original');
  });
});
