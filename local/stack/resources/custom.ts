import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { isObject, type Json, type JsonObject } from '../../json.ts';
import type { Created } from '../context.ts';
import { kind, type Place } from '../kind.ts';

/** All properties go to the resource's function; only these two mean something to CloudFormation. */
const properties = z.looseObject({
  ServiceToken: z.string(),
  ServiceTimeout: z.coerce.number().int().min(1).max(3600).default(3600),
});

/**
 * Custom resources: the template's function is invoked as CloudFormation does, asynchronously, and answers by PUT. The
 * ResponseURL is plain HTTP here. A function that fails for good ends the wait at once, where AWS would sit it out.
 */
export const custom = kind('AWS::CloudFormation::CustomResource', properties, async (given, place) => {
  const asked: JsonObject = z.record(z.string(), z.json()).parse(given);
  const answer = await ask('Create', { asked, timeoutSeconds: given.ServiceTimeout }, place);
  const ref = answer['PhysicalResourceId'];
  if (typeof ref !== 'string') throw new Error('want a PhysicalResourceId in its answer, got none');
  const named = answer['Data'];
  const remove = async () => {
    await ask('Delete', { asked, timeoutSeconds: given.ServiceTimeout, PhysicalResourceId: ref }, place);
  };
  return { ref, attributes: isObject(named) ? named : {}, remove } satisfies Created;
});

type Question = {
  readonly asked: JsonObject;
  readonly timeoutSeconds: number;
  readonly PhysicalResourceId?: string;
};

async function ask(RequestType: 'Create' | 'Delete', question: Question, place: Place): Promise<JsonObject> {
  const { functions, identity, responses, clock } = place.context;
  const token = String(question.asked['ServiceToken']);
  const logicalId = functions.find(token);
  if (logicalId === undefined) throw new Error(`ServiceToken ${token}: want a function of this stack`);
  const { PhysicalResourceId } = question;
  const expected = responses.expect();
  const settled = functions.invokeEvent(logicalId, {
    RequestType,
    ResponseURL: expected.url,
    StackId: identity.stackId,
    RequestId: randomUUID(),
    ResourceType: place.type,
    LogicalResourceId: place.logicalId,
    ...(PhysicalResourceId !== undefined && { PhysicalResourceId }),
    ResourceProperties: asTexts(question.asked),
  });
  const failed = settled.then((outcome): Promise<JsonObject> | JsonObject => {
    // Its invocation ended well: the answer is there or still to come.
    if (outcome.ok) return expected.answer;
    throw new Error(`${RequestType} failed: ${outcome.error.errorType}: ${outcome.error.errorMessage}`);
  });
  // The handler works in real time, the timeout is a template's: never less than one whole invocation.
  const realMs = Math.max(
    clock.realDelay(question.timeoutSeconds * 1000),
    functions.specOf(logicalId).timeoutMs,
  );
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${RequestType}: no answer in ${question.timeoutSeconds} s`)),
      realMs,
    );
  });
  try {
    const answer = await Promise.race([expected.answer, failed, late]);
    if (answer['Status'] === 'SUCCESS') return answer;
    throw new Error(`${RequestType} failed: ${answer['Reason'] ?? 'no reason given'}`);
  } finally {
    clearTimeout(timer);
    expected.cancel();
  }
}

/** CloudFormation hands every number and boolean over as text. */
function asTexts(value: Json): Json {
  if (Array.isArray(value)) return value.map(asTexts);
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, asTexts(one)]));
  return value === null ? null : String(value);
}
