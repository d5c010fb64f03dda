import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pinOf, readWorkflow, WORKFLOW_BYTES_MAX } from '../../../lambdas/core/admission/workflow-file.ts';

const SHA = 'a5ac7e51b41094c92402da3b24376905380afc29';

describe('a `uses`', () => {
  it.each([
    [`actions/checkout@${SHA}`, 'sha'],
    [`acme/ci/.github/workflows/build.yml@${SHA}`, 'sha'],
    [`actions/checkout@${SHA.slice(0, 7)}`, 'loose'],
    [`actions/checkout@${SHA.toUpperCase()}`, 'loose'],
    [`actions/checkout@${SHA}a`, 'loose'],
    ['actions/checkout@v4', 'loose'],
    ['actions/checkout@main', 'loose'],
    [`actions/checkout@v4@${SHA}`, 'loose'],
    ['actions/checkout', 'unknown'],
    [`checkout@${SHA}`, 'unknown'],
    ['./.github/actions/build', 'local'],
    ['./../other/action', 'unknown'],
    ['./a/..', 'unknown'],
    ['$/actions/ship', 'local'],
    ['$/actions/ship@v1', 'unknown'],
    ['./actions/ship@v1', 'unknown'],
    [`docker://alpine@sha256:${'0'.repeat(64)}`, 'digest'],
    ['docker://alpine:3.20', 'loose'],
    [`docker://alpine@sha256:${'0'.repeat(63)}`, 'loose'],
    [`\${{ matrix.action }}@${SHA}`, 'unknown'],
    [`actions/\${{ x }}@${SHA}`, 'unknown'],
    ['', 'unknown'],
  ])('%s is %s', (text, pin) => {
    expect(pinOf(text)).toBe(pin);
  });

  it('is never taken for pinned unless a full commit or digest stands at its end', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), (text) => {
        if (pinOf(text) === 'sha') expect(text).toMatch(/@[0-9a-f]{40}$/);
        if (pinOf(text) === 'digest') expect(text).toMatch(/@sha256:[0-9a-f]{64}$/);
      }),
    );
  });
});

const FILE = `on: push
permissions: { contents: read }
jobs:
  build:
    steps:
      - uses: actions/checkout@${SHA} # v4
      - run: make
      - uses: acme/tool@v1
  call:
    permissions:
      id-token: write
      odd: maybe
    uses: acme/ci/.github/workflows/x.yml@main
`;

describe('a workflow file', () => {
  it('tells its actions with their lines, and what each job may do', () => {
    expect(readWorkflow(FILE)).toEqual({
      ok: true,
      file: {
        actions: [
          { what: 'action', text: `actions/checkout@${SHA}`, line: 6, pin: 'sha' },
          { what: 'action', text: 'acme/tool@v1', line: 8, pin: 'loose' },
          { what: 'workflow', text: 'acme/ci/.github/workflows/x.yml@main', line: 13, pin: 'loose' },
        ],
        permissions: [
          { job: 'build', granted: { all: 'none', scopes: { contents: 'read' } } },
          { job: 'call', granted: { all: 'none', scopes: { 'id-token': 'write', odd: 'write' } } },
        ],
      },
    });
  });

  it('reads the same with the line ends of Windows', () => {
    expect(readWorkflow(FILE.replaceAll('\n', '\r\n'))).toEqual(readWorkflow(FILE));
  });

  it('sees through anchors, also where a step or a key is one', () => {
    const file = `jobs:
  a:
    steps: &steps
      - &step { uses: acme/tool@v1 }
      - *step
  b:
    steps: *steps
`;
    const read = readWorkflow(file);
    expect(read.ok && read.file.actions.map(({ text }) => text)).toEqual(Array(4).fill('acme/tool@v1'));
    const key = readWorkflow(`x: &k uses\njobs: { a: { steps: [ { *k : acme/tool@v1 } ] } }`);
    expect(key.ok && key.file.actions).toHaveLength(1);
  });

  it.each([
    ['read-all', { all: 'read', scopes: {} }],
    ['write-all', { all: 'write', scopes: {} }],
    ['{}', { all: 'none', scopes: {} }],
    ['[contents]', { all: 'write', scopes: {} }],
    ['everything', { all: 'write', scopes: {} }],
  ])('takes permissions %s for %j: what is not understood is the most it could be', (text, granted) => {
    const read = readWorkflow(`jobs: { a: { permissions: ${text}, steps: [] } }`);
    expect(read.ok && read.file.permissions).toEqual([{ job: 'a', granted }]);
  });

  const deep = `jobs: ${'['.repeat(100)}${']'.repeat(100)}`;
  const bomb = `a: &a [x, x]\n${Array.from({ length: 20 }, (_, n) => `b${n}: &b${n} [${Array(12).fill(n === 0 ? '*a' : `*b${n - 1}`)}]`).join('\n')}\njobs: { j: {} }`;
  it.each([
    ['larger', 'x'.repeat(WORKFLOW_BYTES_MAX + 1), 'larger than'],
    ['deeper', deep, 'nested deeper than 60'],
    ['full of aliases', bomb, 'more than 100 aliases'],
    ['wide', `jobs: { a: { steps: [${'x,'.repeat(60_000)}] } }`, 'more than 50000 values'],
    ['with a merge key', 'x: &x { uses: a/b@v1 }\njobs: { a: { steps: [ { <<: *x } ] } }', 'a merge key'],
    ['no YAML', 'jobs: [', 'line 1: not valid YAML'],
    ['with a key twice', 'jobs: { a: {} }\njobs: { b: {} }', 'not valid YAML'],
    ['a list', '- a', 'no mapping at the top'],
    ['without jobs', 'on: push', 'no jobs'],
    ['with a job that is none', 'jobs: { a: 1 }', 'job a is no mapping'],
    ['empty', '', 'no mapping at the top'],
  ])('that is %s cannot be judged, and says why', (_what, text, why) => {
    expect(readWorkflow(text)).toEqual({ ok: false, why: expect.stringContaining(why) });
  });

  it('never throws, whatever it is', () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => void readWorkflow(text)));
    const yamlish = fc.array(
      fc.constantFrom('a: ', '&x ', '*x', '- ', '\n', '  ', '{', '}', '[', ']', 'jobs:', '? ', '<<: '),
      { maxLength: 30 },
    );
    fc.assert(fc.property(yamlish, (parts) => void readWorkflow(parts.join(''))));
  });
});
