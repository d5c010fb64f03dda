import type { z } from 'zod';
import { uuidOf } from './draws.ts';
import { type Ec2Answer, type Ec2Error, ec2Error, invalid, missing, refused } from './errors.ts';
import type { Ec2Model } from './model.ts';
import { type FormTree, treeOf } from './query-form.ts';
import * as schemas from './query-schemas.ts';
import { escapeXml, xmlMembers } from './xml.ts';

/** The one version of the API that SDKs speak. */
const API_VERSION = '2016-11-15';
const NAMESPACE = `http://ec2.amazonaws.com/doc/${API_VERSION}/`;

/** An answer to put on the wire as it is. */
export type QueryAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

type Form = Iterable<readonly [string, string]>;

/** One action: its parameters, and what it does in the model. */
type Action = (model: Ec2Model, parameters: FormTree, now: number) => Ec2Answer<object>;

function action<I>(
  schema: z.ZodType<I>,
  run: (model: Ec2Model, input: I, now: number) => Ec2Answer<object>,
): Action {
  return (model, parameters, now) => {
    const read = schema.safeParse(parameters, { reportInput: true });
    return read.success ? run(model, read.data, now) : refused(parameterError(read.error.issues));
  };
}

/** A new action of the model needs its line here and its schema. */
const ACTIONS: ReadonlyMap<string, Action> = new Map([
  ['CreateFleet', action(schemas.createFleet, (model, input, now) => model.createFleet(input, now))],
  [
    'CreateLaunchTemplate',
    action(schemas.createLaunchTemplate, (model, input, now) => model.createLaunchTemplate(input, now)),
  ],
  [
    'CreateLaunchTemplateVersion',
    action(schemas.createLaunchTemplateVersion, (model, input, now) =>
      model.createLaunchTemplateVersion(input, now),
    ),
  ],
  ['CreateTags', action(schemas.createTags, (model, input, now) => model.createTags(input, now))],
  [
    'DeleteLaunchTemplate',
    action(schemas.deleteLaunchTemplate, (model, input, now) => model.deleteLaunchTemplate(input, now)),
  ],
  ['DescribeImages', action(schemas.describeImages, (model, input, now) => model.describeImages(input, now))],
  [
    'DescribeInstances',
    action(schemas.describeInstances, (model, input, now) => model.describeInstances(input, now)),
  ],
  [
    'DescribeLaunchTemplateVersions',
    action(schemas.describeLaunchTemplateVersions, (model, input, now) =>
      model.describeLaunchTemplateVersions(input, now),
    ),
  ],
  [
    'DescribeSubnets',
    action(schemas.describeSubnets, (model, input, now) => model.describeSubnets(input, now)),
  ],
  [
    'ModifyInstanceMetadataOptions',
    action(schemas.modifyInstanceMetadataOptions, (model, input, now) =>
      model.modifyInstanceMetadataOptions(input, now),
    ),
  ],
  [
    'TerminateInstances',
    action(schemas.terminateInstances, (model, input, now) => model.terminateInstances(input, now)),
  ],
]);

/** Every action the model answers. */
export const MODELLED_ACTIONS: readonly string[] = [...ACTIONS.keys()];

export type QueryServer = {
  /** Answers one request, given its form; the front door has read the body and knows the time. */
  answer(form: Form, now: number): QueryAnswer;
  /** The same for a whole HTTP request. */
  handle(request: { readonly method: string; readonly body: string }): Promise<QueryAnswer>;
};

/** The EC2 query protocol over a model: what the real SDK clients speak. `now` gives virtual epoch ms. */
export function createQueryServer(options: {
  readonly model: Ec2Model;
  readonly now: () => number;
}): QueryServer {
  let requests = 0;
  const answer = (form: Form, now: number) => {
    const requestId = uuidOf(`request/${++requests}`);
    return answerForm(options.model, form, { now, requestId });
  };
  return {
    answer,
    handle: async ({ method, body }) => {
      const form = method === 'POST' ? new URLSearchParams(body) : new URLSearchParams();
      return answer(form, options.now());
    },
  };
}

type Request = { readonly now: number; readonly requestId: string };

function answerForm(model: Ec2Model, form: Form, { now, requestId }: Request): QueryAnswer {
  const tree = treeOf(form);
  if (typeof tree === 'string') return errorAnswer(ec2Error('InvalidParameter', tree), requestId);
  const { Action: name, Version: version, ...parameters } = tree;
  if (typeof name !== 'string') {
    return errorAnswer(ec2Error('MissingAction', 'No action was supplied with this request.'), requestId);
  }
  const run = ACTIONS.get(name);
  if (run === undefined || version !== API_VERSION) {
    const sentence = `The action ${name} is not valid for this web service.`;
    return errorAnswer(ec2Error('InvalidAction', sentence), requestId);
  }
  const answer = run(model, parameters, now);
  if (!answer.ok) return errorAnswer(answer.error, requestId);
  const members = `<requestId>${requestId}</requestId>${xmlMembers(answer.value)}`;
  return xmlAnswer(200, `<${name}Response xmlns="${NAMESPACE}">${members}</${name}Response>`);
}

/** The first problem decides, as at EC2; a name that is not modelled goes before a value that does not fit. */
function parameterError(issues: readonly z.core.$ZodIssue[]): Ec2Error {
  const unknown = issues.find((issue) => issue.code === 'unrecognized_keys');
  if (unknown !== undefined) {
    const name = [...wirePath(unknown.path), unknown.keys[0] ?? ''].join('.');
    return ec2Error('UnknownParameter', `The parameter ${name} is not recognized`);
  }
  const [first] = issues;
  const name = wirePath(first?.path ?? []).join('.');
  const isAbsent = first?.code === 'invalid_type' && first.input === undefined;
  return isAbsent ? missing(name) : invalid(`Invalid value for parameter ${name}: ${first?.message}`);
}

/** Lists count from 1 on the wire. */
const wirePath = (path: readonly PropertyKey[]): string[] =>
  path.map((part) => (typeof part === 'number' ? String(part + 1) : String(part)));

function errorAnswer({ code, message, status }: Ec2Error, requestId: string): QueryAnswer {
  const error = `<Error><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message></Error>`;
  return xmlAnswer(
    status,
    `<Response><Errors>${error}</Errors><RequestID>${requestId}</RequestID></Response>`,
  );
}

const xmlAnswer = (status: number, body: string): QueryAnswer => ({
  status,
  headers: { 'content-type': 'text/xml;charset=UTF-8' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
});
