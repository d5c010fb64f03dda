/** The oldest major version that strips types without a flag and that the deployed functions run on. */
const NODE_MAJOR_MIN = 24;

/** The sentence to show when this Node is too old, or undefined when it will do. `version` as in `process.version`. */
export function nodeProblem(version: string): string | undefined {
  const major = Number(/^v(\d+)\./.exec(version)?.[1] ?? 0);
  if (major >= NODE_MAJOR_MIN) return undefined;
  return (
    `Mayfly needs Node ${NODE_MAJOR_MIN} or newer, but this is ${version}. ` +
    'Start it by "npm" or "npx", which use the Node that "npm ci" installed, or install a newer Node.'
  );
}

/** Call before anything else is loaded: ends the program with one sentence where Node is too old. */
export function requireNode(): void {
  const problem = nodeProblem(process.version);
  if (problem === undefined) return;
  console.error(problem);
  process.exit(1);
}
