/** Parameters of the query protocol as a tree: `A.1.B=x` becomes `{ A: [{ B: 'x' }] }`. */
export type FormTree = string | FormTree[] | { [name: string]: FormTree };

/** The largest call, 1,000 ids with options, stays far below. */
const PARAMETERS_MAX = 20_000;
/** Deeper than any parameter of EC2. */
const DEPTH_MAX = 10;

type Node = Map<string, Node | string>;

/** A sentence where the form is none: a name both value and group, too deep, or too many. */
export function treeOf(form: Iterable<readonly [string, string]>): { [name: string]: FormTree } | string {
  const root: Node = new Map();
  let parameters = 0;
  for (const [name, value] of form) {
    if (++parameters > PARAMETERS_MAX) return `want ${PARAMETERS_MAX} parameters at most, got more`;
    const path = name.split('.');
    if (path.length > DEPTH_MAX) return `want names of ${DEPTH_MAX} parts at most, got ${name}`;
    if (!put(root, path, value)) return `want every parameter once and as one kind, got ${name} twice`;
  }
  return Object.fromEntries([...root].map(([name, node]) => [name, plain(node)]));
}

function put(root: Node, path: readonly string[], value: string): boolean {
  let node = root;
  for (const part of path.slice(0, -1)) {
    const inner = node.get(part) ?? new Map();
    if (typeof inner === 'string') return false;
    node.set(part, inner);
    node = inner;
  }
  const last = path.at(-1) ?? '';
  if (node.has(last)) return false;
  node.set(last, value);
  return true;
}

/** Groups whose names are all numbers are lists, in the order of the numbers: gaps close. */
function plain(node: Node | string): FormTree {
  if (typeof node === 'string') return node;
  const entries = [...node].map(([name, inner]) => [name, plain(inner)] as const);
  if (!entries.every(([name]) => /^\d{1,6}$/.test(name))) return Object.fromEntries(entries);
  return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, inner]) => inner);
}
