import { buildApp } from 'fauxqs';
import type { Clock } from '../clock.ts';
import { isObject, type Json, type JsonObject, parseJsonObject } from '../json.ts';
import { objectsIn } from './allow-list.ts';
import type { AwsAnswer } from './answer.ts';

/** A queue as a template asks for it; times in virtual seconds. */
export type QueueSpec = {
  readonly name: string;
  readonly visibilitySeconds: number;
  readonly delaySeconds: number;
  readonly deadLetter?: { readonly queueName: string; readonly receivesMax: number };
};

export type Sqs = {
  /** Creates a queue and gives its URL, which leads through the front door. */
  createQueue(spec: QueueSpec): Promise<string>;
  deleteQueue(url: string): Promise<void>;
  /** One API call in the protocol's own JSON, times in virtual seconds. */
  handle(action: string, parameters: JsonObject): Promise<AwsAnswer>;
  /** The same for local code: the parsed answer. Throws on an error answer. */
  call(action: string, parameters: JsonObject): Promise<JsonObject>;
  /** Answers every waiting receive, then stops. */
  close(): Promise<void>;
};

/** The emulator reads the queue's visibility timeout in whole seconds; 0 would hand a message out twice at once. */
const VISIBILITY_REAL_MIN_SECONDS = 1;

export type SqsOptions = {
  readonly clock: Clock;
  readonly region: string;
  readonly account: string;
  /** Origin of the queue URLs: where requests for them are taken. */
  readonly frontDoor: string;
};

/** Standard queues by fauxqs, in this very process: no port of its own. */
export function startSqs(options: SqsOptions): Sqs {
  const { clock, region, account, frontDoor } = options;
  const app = buildApp({ logger: false, defaultRegion: region });
  /** The emulator's own URLs name a host that nobody can reach and an account that is not the stack's. */
  const innerUrls = new Map<string, string>();
  const outerUrl = (name: string) => `${frontDoor}/${account}/${name}`;

  const send = async (action: string, given: JsonObject): Promise<AwsAnswer> => {
    const { QueueUrl } = given;
    const inner = typeof QueueUrl === 'string' && { QueueUrl: innerUrls.get(QueueUrl) ?? QueueUrl };
    const parameters = { ...given, ...inner };
    const answer = await app.inject({
      method: 'POST',
      url: '/',
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${action}` },
      payload: JSON.stringify(parameters),
    });
    const { 'content-type': type = '', 'x-amzn-query-error': queryError } = answer.headers;
    const headers = {
      'content-type': String(type),
      ...(queryError && { 'x-amzn-query-error': String(queryError) }),
    };
    return { status: answer.statusCode, headers, body: answer.body };
  };
  const handle = async (action: string, parameters: JsonObject) => {
    const answer = await send(action, inRealSeconds(parameters, clock.speed));
    if (answer.status !== 200) return answer;
    if (action === 'GetQueueUrl') {
      return { ...answer, body: JSON.stringify({ QueueUrl: outerUrl(String(parameters['QueueName'])) }) };
    }
    if (action !== 'ReceiveMessage') return answer;
    return { ...answer, body: JSON.stringify(received(answer.body, parameters, clock)) };
  };
  const parsed = (action: string, answer: AwsAnswer): JsonObject => {
    const body = parseJsonObject(answer.body) ?? {};
    if (answer.status === 200) return body;
    throw new Error(`SQS ${action} failed: ${body['__type']} ${body['message']}`);
  };
  return {
    handle,
    call: async (action, parameters) => parsed(action, await handle(action, parameters)),
    createQueue: async (spec) => {
      const Attributes = attributesOf(spec, clock.speed, region);
      const body = parsed('CreateQueue', await send('CreateQueue', { QueueName: spec.name, Attributes }));
      const url = outerUrl(spec.name);
      innerUrls.set(url, String(body['QueueUrl']));
      return url;
    },
    deleteQueue: async (QueueUrl) => {
      parsed('DeleteQueue', await send('DeleteQueue', { QueueUrl }));
    },
    close: () => app.close(),
  };
}

function attributesOf(spec: QueueSpec, speed: number, region: string): JsonObject {
  const visibility = Math.max(VISIBILITY_REAL_MIN_SECONDS, Math.round(spec.visibilitySeconds / speed));
  const { deadLetter } = spec;
  return {
    VisibilityTimeout: String(visibility),
    DelaySeconds: String(Math.round(spec.delaySeconds / speed)),
    ...(deadLetter && {
      RedrivePolicy: JSON.stringify({
        // The emulator knows one account only; outside of it queue ARNs carry the stack's account.
        deadLetterTargetArn: `arn:aws:sqs:${region}:000000000000:${deadLetter.queueName}`,
        maxReceiveCount: deadLetter.receivesMax,
      }),
    }),
  };
}

/** Delays and visibility are asked for in virtual seconds; the emulator waits in real ones. Polls stay real. */
function inRealSeconds(parameters: JsonObject, speed: number): JsonObject {
  const scaled = Object.entries(parameters).map(([key, value]): [string, Json] => {
    if ((key === 'DelaySeconds' || key === 'VisibilityTimeout') && typeof value === 'number') {
      return [key, value / speed];
    }
    return key === 'Entries'
      ? [key, objectsIn(value).map((entry) => inRealSeconds(entry, speed))]
      : [key, value];
  });
  return Object.fromEntries(scaled);
}

const STAMPS = ['SentTimestamp', 'ApproximateFirstReceiveTimestamp'];

/** Time stamps in virtual time; message attributes only if asked for, as AWS does and the emulator does not. */
function received(body: string, parameters: JsonObject, clock: Clock): JsonObject {
  const answer = parseJsonObject(body) ?? {};
  const names = parameters['MessageAttributeNames'];
  const wanted = Array.isArray(names) && names.length > 0;
  const messages = objectsIn(answer['Messages']).map((message) => {
    const { MessageAttributes, MD5OfMessageAttributes, Attributes, ...rest } = message;
    const stamped = Object.entries(isObject(Attributes) ? Attributes : {}).map(
      ([key, value]): [string, Json] =>
        STAMPS.includes(key) ? [key, String(Math.floor(clock.virtualOf(Number(value))))] : [key, value],
    );
    return {
      ...rest,
      ...(stamped.length > 0 && { Attributes: Object.fromEntries(stamped) }),
      ...(wanted && MessageAttributes !== undefined && { MessageAttributes }),
      ...(wanted && MD5OfMessageAttributes !== undefined && { MD5OfMessageAttributes }),
    };
  });
  return messages.length > 0 ? { Messages: messages } : {};
}
