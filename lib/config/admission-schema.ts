import * as z from 'zod';
import { PERMISSIONS } from '../../lambdas/contracts/admission.ts';

/*
 * `pools.<name>.admission` of mayfly.yaml: whose jobs may use a pool. Every rule that stands here must be satisfied, so that
 * adding one never admits more; a rule that is left out asks nothing.
 */

const flag = () => z.boolean({ error: 'true or false' });
const list = <T extends z.ZodType>(of: T, error: string, max = 100) =>
  z
    .array(of, { error })
    .min(1, { error: `at least one entry: ${error}` })
    .max(max, { error: `at most ${max} entries: ${error}` });
const text = (pattern: RegExp, error: string) => z.string({ error }).regex(pattern, { error });
const glob = text(/^[^\p{Cc}]{1,255}$/u, 'a name, or a pattern with * (no slash) and ** (anything)');
const ID = /^[1-9][0-9]{0,19}$/;
const gitHubId = z
  .union([z.int(), z.string()], { error: 'an id of GitHub such as 591427001' })
  .transform(String)
  .refine((id) => ID.test(id), { error: 'an id of GitHub such as 591427001' });
const oneOf = <const V extends readonly [string, ...string[]]>(values: V) =>
  z.enum(values, { error: `one of ${values.join(', ')}` });
const access = oneOf(['none', 'read', 'write']);
const clockTime = text(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'a time such as 08:30');
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export const admissionSchema = z
  .strictObject({
    mode: oneOf(['enforce', 'observe'])
      .default('enforce')
      .describe(
        'observe: the rules below only record what they would decide. Owners, public repositories and forks are always enforced.',
      ),
    publicRepositories: flag().default(false).describe('Admit jobs of public repositories.'),
    forks: flag().default(false).describe('Admit runs whose code comes from a fork.'),
    repositories: list(gitHubId, 'ids of repositories', 1_000)
      .optional()
      .describe(
        'Only these repositories, by id: names can be given away, ids cannot ("gh api repos/OWNER/NAME -q .id").',
      ),
    visibilities: list(oneOf(['public', 'internal', 'private']), 'public, internal or private')
      .optional()
      .describe('Only repositories of these kinds.'),
    events: list(text(/^[a-z_]{1,60}$/, 'an event such as push'), 'events such as push', 50)
      .optional()
      .describe('Only runs of these events.'),
    branches: list(glob, 'names or patterns of branches')
      .optional()
      .describe('Only runs of these branches, or of `tags`.'),
    tags: list(glob, 'names or patterns of tags')
      .optional()
      .describe('Only runs of these tags, or of `branches`.'),
    actors: z
      .strictObject({
        permission: oneOf(PERMISSIONS).describe(
          'What both the actor and whoever started the attempt may do at least.',
        ),
        bots: z
          .array(gitHubId, { error: 'a list of ids' })
          .max(100, { error: 'at most 100 ids' })
          .default([])
          .describe('Ids of bots that need no permission.'),
      })
      .optional()
      .describe('Who may start a run.'),
    workflows: list(glob, 'paths such as .github/workflows/deploy.yml')
      .optional()
      .describe('Only these workflow files, by path.'),
    reusable: z
      .strictObject({
        allowed: list(glob, 'paths such as acme/ci/.github/workflows/build.yml')
          .optional()
          .describe('Workflows that may be called.'),
        pinned: flag()
          .default(true)
          .describe('Called workflows must be named by a full SHA, or be of the same commit.'),
      })
      .optional()
      .describe('Called workflows, nested ones included.'),
    workflowUnchanged: z
      .literal(true, { error: 'true' })
      .optional()
      .describe(
        "The workflow file must be the default branch's, unless the run's branch or tag is protected.",
      ),
    actionsPinned: z
      .strictObject({
        owners: list(text(/^[A-Za-z0-9_.-]{1,100}$/, 'a login'), 'logins')
          .optional()
          .describe('Whose actions may be used at all.'),
      })
      .optional()
      .describe('Every action named by a full SHA or digest, local, or covered by the lock file.'),
    permissionsMax: z
      .record(text(/^[a-z-]{1,60}$/, 'a permission such as contents'), access, {
        error: 'none, read or write by permission',
      })
      .optional()
      .describe(
        "Most that a job's token may be given, by permission; `other` is for those not named (default none).",
      ),
    environments: z
      .strictObject({
        names: list(glob, 'names of environments').describe(
          'The job must target one of these environments …',
        ),
        reviewersMin: z
          .int({ error: 'a whole number from 0 to 6' })
          .min(0, { error: 'a whole number from 0 to 6' })
          .max(6, { error: 'a whole number from 0 to 6' })
          .default(1)
          .describe('… which asks for so many reviewers at least …'),
        branchPolicy: flag().default(true).describe('… and is restricted to branches or tags.'),
      })
      .optional()
      .describe('Environments that a job must target.'),
    codeowners: z
      .literal(true, { error: 'true' })
      .optional()
      .describe('A team must own .github/workflows, and its review must be required on the default branch.'),
    checks: list(
      z.strictObject({
        name: text(/^[^\p{Cc}]{1,200}$/u, 'the name of a check').describe('Name of the check.'),
        appId: gitHubId.describe(
          'The App that may report it (GitHub Actions is 15368), since every App can use every name.',
        ),
      }),
      'checks by name and App',
      50,
    )
      .optional()
      .describe('Checks that must be green on the head commit.'),
    window: z
      .strictObject({
        timeZone: z
          .string({ error: 'a time zone such as Europe/Berlin' })
          .refine(isTimeZone, { error: 'a time zone such as Europe/Berlin' })
          .describe('Time zone of the window.'),
        days: list(oneOf(DAYS), 'days such as mon')
          .default(['mon', 'tue', 'wed', 'thu', 'fri'])
          .describe('Days on which it opens.'),
        from: clockTime.describe('From this time …'),
        to: clockTime.describe('… until this; earlier than `from` means over midnight.'),
      })
      .optional()
      .describe('When the pool is open. Outside, jobs wait.'),
  })
  .describe('Whose jobs may run here, beyond the list of owners. Rules only forbid.');

export type AdmissionInput = z.output<typeof admissionSchema>;
