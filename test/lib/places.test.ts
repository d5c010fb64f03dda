/** Goal: the operator's CLI finds every part of a stack by the stack's name alone. */
import { describe, expect, it } from '@jest/globals';
import { places, placesParameter } from '../../lambdas/contracts/places.ts';
import { rendered } from './render.ts';
import { synthesized } from './synthesized.ts';

const { resources, ids } = synthesized();
const propertiesOf = (type: string) => ids(type).map((id) => resources[id]?.Properties ?? {});

/** Logical id at the end of a rendered queue URL. */
const idOf = (url: string): string => url.split('/').at(-1) ?? '';

describe('the parameter that tells where a stack is', () => {
  const found = propertiesOf('AWS::SSM::Parameter').find(({ Name }) =>
    String(rendered(Name, resources)).endsWith('/places'),
  );

  it("stands under a name that follows from the stack's", () => {
    expect(rendered(found?.['Name'], resources)).toBe(placesParameter('Mayfly'));
  });

  it('names both queues, each with the queue that its failed messages are parked in', () => {
    const { queues, stackId } = places.parse(JSON.parse(String(rendered(found?.['Value'], resources))));
    expect(stackId).toBe('0a1b2c3d');
    expect([queues.jobs, queues.instances].map(({ url }) => idOf(url).slice(0, -8))).toEqual([
      'MayflyQueuesJobs',
      'MayflyQueuesInstances',
    ]);
    for (const { url, parkedUrl } of [queues.jobs, queues.instances]) {
      const redrive = Object(resources[idOf(url)]?.Properties['RedrivePolicy']);
      expect(redrive.deadLetterTargetArn).toEqual({ 'Fn::GetAtt': [idOf(parkedUrl), 'Arn'] });
    }
  });
});
