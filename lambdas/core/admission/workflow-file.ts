import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import type { PermissionUse, UsedAction, WorkflowFile } from '../../contracts/facts.ts';

/**
 * Reads a workflow file for admission. It is foreign text: size, depth, nodes and aliases are bounded before anything is
 * believed of it, and what is not understood is said, never guessed.
 */

/** GitHub reads no larger workflow files than this (REST, contents as JSON: 1 MB). */
export const WORKFLOW_BYTES_MAX = 1_000_000;
const DEPTH_MAX = 60;
const NODES_MAX = 50_000;
/** GitHub's parser knows anchors since 2025; honest files have a handful. */
const ALIASES_MAX = 100;
const JOBS_MAX = 1_000;

export type ReadWorkflow =
  | { readonly ok: true; readonly file: WorkflowFile }
  /** Why the file cannot be judged, in a few words. */
  | { readonly ok: false; readonly why: string };

export function readWorkflow(text: string): ReadWorkflow {
  if (Buffer.byteLength(text) > WORKFLOW_BYTES_MAX) return no(`larger than ${WORKFLOW_BYTES_MAX} bytes`);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: false,
    uniqueKeys: true,
    maxAliasCount: ALIASES_MAX,
  } as object);
  const [error] = document.errors;
  if (error !== undefined) return no(`line ${lines.linePos(error.pos[0]).line}: not valid YAML`);
  const bound = boundsProblem(document.contents);
  if (bound !== undefined) return no(bound);
  const reader: Reader = {
    lineOf: (node) => lines.linePos(node.range?.[0] ?? 0).line,
    resolve: (node) => resolved(node, document),
  };
  const root = reader.resolve(document.contents);
  if (!isMap(root)) return no('no mapping at the top');
  const jobs = reader.resolve(entryOf(root, 'jobs', reader));
  if (!isMap(jobs)) return no('no jobs');
  if (jobs.items.length > JOBS_MAX) return no(`more than ${JOBS_MAX} jobs`);
  const top = permissionsOf(entryOf(root, 'permissions', reader), reader);
  const actions: UsedAction[] = [];
  const permissions: PermissionUse[] = [];
  for (const pair of jobs.items) {
    const job = reader.resolve(pair.value);
    if (!isMap(job)) return no(`job ${keyOf(pair, reader)} is no mapping`);
    actions.push(...actionsOf(job, reader));
    const own = permissionsOf(entryOf(job, 'permissions', reader), reader);
    permissions.push({ job: keyOf(pair, reader).slice(0, 100), granted: own ?? top ?? null });
  }
  return { ok: true, file: { actions, permissions } };
}

const no = (why: string): ReadWorkflow => ({ ok: false, why });

interface Reader {
  readonly lineOf: (node: Node) => number;
  readonly resolve: (node: unknown) => unknown;
}

function resolved(node: unknown, document: ReturnType<typeof parseDocument>): unknown {
  // An alias may not point at an alias: one step is all there is.
  return isAlias(node) ? node.resolve(document) : node;
}

/** Walks without following aliases, so that it ends; undefined when all is within bounds. */
function boundsProblem(root: unknown): string | undefined {
  const left: { readonly node: unknown; readonly depth: number }[] = [{ node: root, depth: 0 }];
  let nodes = 0;
  let aliases = 0;
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { node, depth } = next;
    nodes += 1;
    if (nodes > NODES_MAX) return `more than ${NODES_MAX} values`;
    if (depth > DEPTH_MAX) return `nested deeper than ${DEPTH_MAX}`;
    if (isAlias(node)) aliases += 1;
    if (aliases > ALIASES_MAX) return `more than ${ALIASES_MAX} aliases`;
    // A merge key would bring steps in by the back door; GitHub does not know it, and nothing here follows it.
    if (isMap(node) && node.items.some(({ key }) => isScalar(key) && key.value === '<<'))
      return 'a merge key (<<)';
    if (isMap(node))
      for (const { key, value } of node.items)
        left.push({ node: key, depth: depth + 1 }, { node: value, depth: depth + 1 });
    if (isSeq(node)) for (const item of node.items) left.push({ node: item, depth: depth + 1 });
  }
  return undefined;
}

const keyOf = (pair: Pair, reader: Reader): string => {
  const key = reader.resolve(pair.key);
  return isScalar(key) ? String(key.value) : '';
};

function entryOf(map: { readonly items: readonly Pair[] }, name: string, reader: Reader): unknown {
  return map.items.find((pair) => keyOf(pair, reader) === name)?.value;
}

/** `uses` of a called workflow, and of each step; images of containers run beside the job and are no actions. */
function actionsOf(job: { readonly items: readonly Pair[] }, reader: Reader): readonly UsedAction[] {
  const called = useOf(entryOf(job, 'uses', reader), 'workflow', reader);
  const steps = reader.resolve(entryOf(job, 'steps', reader));
  const used = isSeq(steps)
    ? steps.items.flatMap((item) => {
        const step = reader.resolve(item);
        return isMap(step) ? useOf(entryOf(step, 'uses', reader), 'action', reader) : [];
      })
    : [];
  return [...called, ...used];
}

function useOf(node: unknown, what: UsedAction['what'], reader: Reader): readonly UsedAction[] {
  if (node === undefined || node === null) return [];
  const value = reader.resolve(node);
  const line = isScalar(value) ? reader.lineOf(value) : 1;
  const text = isScalar(value) ? String(value.value ?? '').trim() : '';
  return [{ what, text: text.slice(0, 300).replace(/\p{Cc}/gu, ' '), line, pin: pinOf(text) }];
}

const FULL_SHA = /^[0-9a-f]{40}$/;
const REMOTE = /^([A-Za-z0-9_.-]+)\/([A-Za-z0-9_.-]+)(?:\/[^@\s]+)?@(.+)$/;

/**
 * How firmly a `uses` names its content. A short SHA is no pin: it can be a tag or become ambiguous. An expression is
 * refused by GitHub and may hide anything. A full SHA can still be a commit of a fork of the action ("impostor"): only
 * a look at the action's own branches tells.
 */
export function pinOf(text: string): UsedAction['pin'] {
  if (text === '' || text.includes('${{')) return 'unknown';
  if (isLocal(text)) return /(^|\/)\.\.(\/|$)|@/.test(text) ? 'unknown' : 'local';
  if (text.startsWith('docker://')) return /@sha256:[0-9a-f]{64}$/.test(text) ? 'digest' : 'loose';
  const ref = REMOTE.exec(text)?.[3];
  if (ref === undefined) return 'unknown';
  return FULL_SHA.test(ref) ? 'sha' : 'loose';
}

/** `./` and `$/` name the commit that is judged itself; `..` would leave it, and a ref is refused by GitHub. */
const isLocal = (text: string): boolean => text.startsWith('./') || text.startsWith('$/');

/** `owner/repo@ref`, without a path inside: what a lock file names. Undefined for what none can name. */
export function lockedNameOf(text: string): string | undefined {
  const found = isLocal(text) ? null : REMOTE.exec(text);
  return found === null ? undefined : `${found[1]}/${found[2]}@${found[3]}`.toLowerCase();
}

/** The owner whose code a `uses` runs; null for local ones and images. */
export const ownerOf = (text: string): string | null =>
  text.startsWith('./') || text.startsWith('docker://')
    ? null
    : (REMOTE.exec(text)?.[1]?.toLowerCase() ?? '');

/** Undefined: nothing is said, so the outer level or the repository's default decides. */
function permissionsOf(node: unknown, reader: Reader): PermissionUse['granted'] | undefined {
  const value = reader.resolve(node);
  if (value === undefined || value === null) return undefined;
  if (isScalar(value)) {
    if (value.value === 'read-all') return { all: 'read', scopes: {} };
    // What is not understood is taken for the most it could be.
    return { all: 'write', scopes: {} };
  }
  if (!isMap(value)) return { all: 'write', scopes: {} };
  const scopes: Record<string, 'none' | 'read' | 'write'> = {};
  for (const pair of value.items) {
    const given = reader.resolve(pair.value);
    const access = isScalar(given) ? given.value : undefined;
    scopes[keyOf(pair, reader).slice(0, 60)] = access === 'none' || access === 'read' ? access : 'write';
  }
  return { all: 'none', scopes };
}
