import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createOrder, deleteOrder, dependenciesOf, outlives } from '../../../local/stack/order.ts';
import { readTemplate, type Template } from '../../../local/stack/template.ts';

const queue = (DependsOn: string[] = []) => ({ Type: 'AWS::SQS::Queue', DependsOn });

describe('createOrder', () => {
  it('finds what a resource needs in Ref, GetAtt, Sub and DependsOn', () => {
    const template = readTemplate({
      Resources: {
        A: queue(),
        B: queue(),
        C: queue(),
        D: queue(),
        Uses: {
          Type: 'X',
          DependsOn: 'D',
          Properties: {
            a: [{ Ref: 'A' }],
            b: { 'Fn::GetAtt': ['B', 'Arn'] },
            // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
            c: { 'Fn::Sub': ['${C.Arn} ${own} ${AWS::Region} ${!D}', { own: 'x' }] },
          },
        },
      },
    });
    expect([...(dependenciesOf(template).get('Uses') ?? [])].sort()).toEqual(['A', 'B', 'C', 'D']);
  });

  it('puts every resource after all that it needs, and deletes in reverse', () => {
    const edges = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 25 });
    fc.assert(
      fc.property(edges, (pairs) => {
        const template = templateOf(pairs.map(([a, b]) => [Math.max(a, b), Math.min(a, b)]));
        const order = createOrder(template);
        for (const [id, needs] of dependenciesOf(template)) {
          for (const on of needs) expect(order.indexOf(on)).toBeLessThan(order.indexOf(id));
        }
        expect(deleteOrder(template)).toEqual([...order].reverse());
      }),
    );
  });

  it('names the resources of a circle', () => {
    const template = readTemplate({ Resources: { A: queue(['B']), B: queue(['A']), C: queue() } });
    expect(() => createOrder(template)).toThrow('circular dependency between A, B');
  });

  it('deletes a custom resource after everything that is not tied to it', () => {
    const template = readTemplate({
      Resources: {
        Function: { Type: 'AWS::Lambda::Function' },
        Teardown: {
          Type: 'Custom::Teardown',
          Properties: { ServiceToken: { 'Fn::GetAtt': ['Function', 'Arn'] } },
        },
        Table: { Type: 'AWS::DynamoDB::GlobalTable' },
      },
    });
    expect(deleteOrder(template)).toEqual(['Table', 'Teardown', 'Function']);
    expect([...outlives(template, 'Teardown')]).toEqual(['Function']);
  });
});

function templateOf(edges: readonly (readonly [number, number])[]): Template {
  const ids = Array.from({ length: 10 }, (_, n) => n);
  const needs = (id: number) =>
    edges.filter(([from, to]) => from === id && to !== id).map(([, to]) => `R${to}`);
  return readTemplate({ Resources: Object.fromEntries(ids.map((id) => [`R${id}`, queue(needs(id))])) });
}
