import { requireNode } from '../../lib/check-node.ts';

requireNode();
const { catchAll, complaints, runCampaign } = await import('./campaign.ts');
const { exhaust } = await import('./exhaust.ts');
const { readCommand, USAGE, UsageError } = await import('./options.ts');
const { replay, why } = await import('./replay.ts');
const { summaryOf, tellCampaign, tellComplaints, tellExhaust } = await import('./summary.ts');

// Who reads only the beginning, as `head` does, ends the story.
process.stdout.on('error', () => process.exit());

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** `npm run sim`: days of faults over the real flows. Answers whether all is well. */
async function run(args: readonly string[]): Promise<boolean> {
  const command = readCommand(args);
  switch (command.do) {
    case 'help':
      process.stdout.write(USAGE);
      return true;
    case 'campaign': {
      const campaign = await runCampaign(command);
      if (command.json) say(JSON.stringify(summaryOf(campaign)));
      else process.stdout.write(tellCampaign(campaign));
      process.stderr.write(tellComplaints(campaign));
      return complaints(campaign).length === 0;
    }
    case 'exhaust': {
      const spent = await exhaust({ seed: command.from, jobs: command.jobs });
      if (command.json) say(JSON.stringify(summaryOf(spent)));
      else process.stdout.write(tellExhaust(spent));
      return spent.failures.length === 0;
    }
    case 'mutants': {
      const caught = await catchAll(command.json ? undefined : say);
      if (command.json) say(JSON.stringify(caught));
      return Object.values(caught).every((seeds) => seeds !== null);
    }
    case 'replay':
      return replay(command, say);
    case 'why':
      return why(command, say);
  }
}

try {
  process.exitCode = (await run(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  const isExpected = error instanceof UsageError;
  const told = error instanceof Error ? (isExpected ? error.message : error.stack) : 'unknown error';
  process.stderr.write(`${told}\n`);
  process.exitCode = isExpected ? 2 : 1;
}
