import { requireNode } from '../lib/check-node.ts';

requireNode();
const { App } = await import('aws-cdk-lib');
const { readConfig } = await import('../lib/config/read-config.ts');
const { MayflyStack } = await import('../lib/mayfly-stack.ts');

/**
 * The CDK app. `-c config=PATH` reads another configuration than ./mayfly.yaml, `-c stack=NAME` names the stack.
 * Synthesis looks nothing up and needs no account; where the CDK CLI knows one, the deploy goes there all the same.
 */
const app = new App({ autoSynth: false });
const configPath = String(app.node.tryGetContext('config') ?? 'mayfly.yaml');
const stackName = String(app.node.tryGetContext('stack') ?? 'Mayfly');

const result = readConfig(configPath);
if (result.ok) {
  new MayflyStack(app, stackName, { config: result.config });
  app.synth();
} else {
  for (const problem of result.problems) console.error(problem);
  process.exitCode = 1;
}
