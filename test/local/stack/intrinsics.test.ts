import { describe, expect, it } from '@jest/globals';
import type { Json } from '../../../local/json.ts';
import { createIdentity } from '../../../local/stack/identity.ts';
import { isTrue, resolve } from '../../../local/stack/intrinsics.ts';
import { createScope } from '../../../local/stack/scope.ts';
import { readTemplate } from '../../../local/stack/template.ts';

const template = readTemplate({
  Parameters: {
    Stage: { Type: 'String', Default: 'prod', AllowedValues: ['prod', 'test'] },
    Zones: { Type: 'CommaDelimitedList', Default: 'a, b' },
    Image: { Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: '/images/linux' },
    Missing: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/nothing' },
    Bare: { Type: 'String' },
  },
  Conditions: {
    IsProd: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] },
    IsTest: { 'Fn::Not': [{ Condition: 'IsProd' }] },
    Both: { 'Fn::And': [{ Condition: 'IsProd' }, { Condition: 'IsTest' }] },
    Either: { 'Fn::Or': [{ Condition: 'IsTest' }, { Condition: 'IsProd' }] },
  },
  Mappings: { Sizes: { 'us-east-1': { small: 't', big: ['x', 'y'] } } },
  Resources: { Queue: { Type: 'AWS::SQS::Queue' }, Off: { Type: 'AWS::SQS::Queue', Condition: 'IsTest' } },
});
const secret = JSON.stringify({ user: 'octo', key: 'k1' });
const scope = createScope({
  template,
  identity: createIdentity('Test', 'us-east-1', '000000000000'),
  given: {},
  created: new Map([['Queue', { ref: 'http://queue', attributes: { Arn: 'arn:q', 'Nested.Name': 'n' } }]]),
  ssm: (name) => ({ '/images/linux': 'ami-1' })[name],
  secret: (id, stage = 'AWSCURRENT') =>
    id === 'arn:aws:secretsmanager:r:a:secret:s-1' ? `${stage}:${secret}` : undefined,
});
const resolved = (value: Json) => resolve(value, scope);

describe('resolve', () => {
  it.each<[what: string, value: Json, wanted: Json]>([
    ['a pseudo parameter', { Ref: 'AWS::Region' }, 'us-east-1'],
    ['a parameter', { Ref: 'Stage' }, 'prod'],
    ['a list parameter', { Ref: 'Zones' }, ['a', 'b']],
    ['an SSM parameter behind a parameter', { Ref: 'Image' }, 'ami-1'],
    ['a resource', { Ref: 'Queue' }, 'http://queue'],
    ['an attribute', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:q'],
    ['a dotted attribute', { 'Fn::GetAtt': 'Queue.Nested.Name' }, 'n'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
    ['a substitution', { 'Fn::Sub': '${Queue.Arn}/${AWS::Region}/${!kept}' }, 'arn:q/us-east-1/${kept}'],
    [
      'a substitution with values',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
      { 'Fn::Sub': ['${a}-${Stage}', { a: { Ref: 'Queue' } }] },
      'http://queue-prod',
    ],
    ['a join', { 'Fn::Join': ['-', ['a', { Ref: 'Stage' }, 3]] }, 'a-prod-3'],
    ['a selection from a split', { 'Fn::Select': ['1', { 'Fn::Split': [':', 'a:b'] }] }, 'b'],
    ['the taken branch', { 'Fn::If': ['IsProd', { Ref: 'Stage' }, { 'Fn::ImportValue': 'x' }] }, 'prod'],
    ['a mapping', { 'Fn::FindInMap': ['Sizes', { Ref: 'AWS::Region' }, 'big'] }, ['x', 'y']],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
    ['base64', { 'Fn::Base64': { 'Fn::Sub': '${Stage}' } }, 'cHJvZA=='],
    ['a zone', { 'Fn::Select': [0, { 'Fn::GetAZs': '' }] }, 'us-east-1a'],
    ['no value in an object', { a: 1, b: { Ref: 'AWS::NoValue' } }, { a: 1 }],
    ['no value in a list', [1, { 'Fn::If': ['IsTest', 2, { Ref: 'AWS::NoValue' }] }], [1]],
    ['an SSM reference', 'image {{resolve:ssm:/images/linux}}', 'image ami-1'],
    [
      'a secret reference built by a join',
      {
        'Fn::Join': [
          '',
          ['{{resolve:secretsmanager:', 'arn:aws:secretsmanager:r:a:secret:s-1', ':SecretString:::}}'],
        ],
      },
      `AWSCURRENT:${secret}`,
    ],
  ])('gives the value of %s', (_what, value, wanted) => {
    expect(resolved(value)).toEqual(wanted);
  });

  it.each<[what: string, value: Json, sentence: RegExp]>([
    ['an unknown name', { Ref: 'Nobody' }, /Nobody is not in the template/],
    ['a resource whose condition does not hold', { Ref: 'Off' }, /Off is not created under these conditions/],
    ['an attribute nobody models', { 'Fn::GetAtt': ['Queue', 'Foo'] }, /Queue.Foo is not modelled.*Arn/],
    ['an import', { 'Fn::ImportValue': 'other' }, /no exports/],
    ['an unknown function', { 'Fn::Cidr': ['10.0.0.0/16', 2] }, /Fn::Cidr is not modelled/],
    ['a parameter without a value', { Ref: 'Bare' }, /Bare: want a value/],
    ['an absent SSM parameter', { Ref: 'Missing' }, /no SSM parameter \/nothing/],
    ['an absent secret', '{{resolve:secretsmanager:other:SecretString}}', /no such secret/],
    ['a mapping without that key', { 'Fn::FindInMap': ['Sizes', 'eu', 'big'] }, /no Sizes.eu.big/],
    ['a selection out of range', { 'Fn::Select': [2, ['a']] }, /no entry 2/],
  ])('refuses %s with a sentence', (_what, value, sentence) => {
    expect(() => resolved(value)).toThrow(sentence);
  });

  it('evaluates conditions over conditions', () => {
    const truths = ['IsProd', 'IsTest', 'Both', 'Either'].map((name) => isTrue(name, scope));
    expect(truths).toEqual([true, false, false, true]);
  });
});
