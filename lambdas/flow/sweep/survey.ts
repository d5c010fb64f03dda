import type { RunFacts } from '../../contracts/facts.ts';
import type { RunItem } from '../../contracts/ledger.ts';
import type { SurveyItem } from '../../contracts/ledger-sweep.ts';
import { SCHEMA_VERSION } from '../../contracts/text.ts';
import { ACTIVE_MS, ACTIVE_OF, CALLS_PER_POLL, type Round } from '../../core/sweep-lines.ts';
import { readItems } from '../read-items.ts';
import type { World } from '../world.ts';
import type { Pass } from './pass.ts';

/** Lists of installations and repositories are good for this long. */
const LISTED_FOR_MS = 60 * 60_000;
/** Kept of one installation: the item stays below DynamoDB's 400 KB. The least recently pushed are left out. */
const REPOSITORIES_MAX = 1_500;
const PAGE_ITEMS = 100;
/** Installations of owners that may use the pools; more than a handful is rare. */
const INSTALLATIONS_MAX = 100;

type Surveyed = Pick<Round, 'active' | 'quiet'>;

/**
 * Discovery: open runs of every repository that the App reaches, in turn. A run that the ledger does not know becomes an
 * item that is due at once; its jobs are looked at like those of any other run. Returns how many repositories there are, active and quiet.
 */
export async function surveyRepositories(pass: Pass, world: World): Promise<Surveyed> {
  const installations = await installationsOf(pass, world);
  const surveyed = { active: 0, quiet: 0 };
  for (const { installationId } of installations) {
    const survey = await listOf(installationId, pass, world);
    if (survey === undefined) continue;
    const active = activeOf(survey, world.clock.now()).length;
    surveyed.active += active;
    surveyed.quiet += survey.repositories.length - active;
    await pollInTurn(survey, installations.length, pass, world);
  }
  return surveyed;
}

async function installationsOf(pass: Pass, world: World): Promise<SurveyItem['installations']> {
  const known = await world.ledger.read('survey', 'installations');
  if (!known.ok) return [];
  const now = world.clock.now();
  const isFresh = known.value !== undefined && now - known.value.listedAt < LISTED_FOR_MS;
  if (isFresh || !pass.take(['surveys'])) return known.value?.installations ?? [];
  const listed = await world.github.installations();
  if (!listed.ok) return known.value?.installations ?? [];
  const { owners } = world.deployment.settings.github;
  const installations = listed.value
    .filter(({ login, isSuspended }) => !isSuspended && owners.includes(login.toLowerCase()))
    .slice(0, INSTALLATIONS_MAX)
    .map(({ installationId, login }) => ({ installationId, login }));
  const rev = known.value?.rev ?? 0;
  await world.ledger.write({ ...surveyOf('installations', now), rev, installations });
  return installations;
}

const surveyOf = (name: string, now: number): SurveyItem => ({
  ...{ v: SCHEMA_VERSION, rev: 0, kind: 'survey', name, listedAt: now },
  ...{ installations: [], repositories: [] },
});

async function listOf(installationId: string, pass: Pass, world: World): Promise<SurveyItem | undefined> {
  const known = await world.ledger.read('survey', installationId);
  if (!known.ok) return undefined;
  const now = world.clock.now();
  const isFresh = known.value !== undefined && now - known.value.listedAt < LISTED_FOR_MS;
  if (isFresh || !pass.take(['surveys'])) return known.value;
  const listed = await world.github.repositories(installationId);
  if (!listed.ok) return known.value;
  pass.spend('surveys', Math.floor(listed.value.length / PAGE_ITEMS));
  const repositories = listed.value.toSorted((a, b) => b.pushedAt - a.pushedAt).slice(0, REPOSITORIES_MAX);
  if (listed.value.length > REPOSITORIES_MAX)
    world.journal.warn('survey-cut', { installationId, left: listed.value.length - REPOSITORIES_MAX });
  const survey = { ...surveyOf(installationId, now), rev: known.value?.rev ?? 0, repositories };
  await world.ledger.write(survey);
  return survey;
}

const activeOf = ({ repositories }: SurveyItem, now: number): SurveyItem['repositories'] =>
  repositories.filter(({ pushedAt }) => now - pushedAt < ACTIVE_MS);

/** As many repositories as the line has calls for, shared between the installations. */
async function pollInTurn(survey: SurveyItem, among: number, pass: Pass, world: World): Promise<void> {
  const share = Math.max(1, Math.floor(pass.lines.surveys / CALLS_PER_POLL / among));
  const now = world.clock.now();
  const active = activeOf(survey, now);
  const quiet = survey.repositories.slice(active.length);
  const turn = `turn.${survey.name}`;
  for (let n = 0; n < Math.min(share, survey.repositories.length); n += 1) {
    if (pass.lines.surveys < CALLS_PER_POLL || pass.isOver()) return;
    const wantsActive = pass.round(turn) % ACTIVE_OF.of < ACTIVE_OF.polls;
    pass.turn(turn, (pass.round(turn) + 1) % ACTIVE_OF.of);
    const isActive = quiet.length === 0 || (wantsActive && active.length > 0);
    const [list, round] = isActive ? [active, `active.${survey.name}`] : [quiet, `quiet.${survey.name}`];
    const place = pass.round(round) % list.length;
    const at = list[place];
    if (at === undefined || !pass.mayGoOn(round, place)) return;
    if (!(await poll(at.repository, survey.name, pass, world))) return;
    pass.turn(round, place + 1);
  }
}

type Repository = SurveyItem['repositories'][number]['repository'];

/** False when GitHub does not answer: the same repository is asked again in the next pass. */
async function poll(
  repository: Repository,
  installationId: string,
  pass: Pass,
  world: World,
): Promise<boolean> {
  const scope = {
    installationId,
    owner: repository.ownerLogin,
    repository: repository.fullName.split('/')[1] ?? null,
  };
  const runs = new Map<string, RunFacts>();
  for (const status of ['queued', 'in_progress'] as const) {
    pass.spend('surveys', 1);
    const found = await world.github.openRuns(scope, repository.fullName, status);
    if (!found.ok) return found.fault.kind === 'refused';
    for (const run of found.value ?? []) runs.set(`${run.runId}.${run.runAttempt}`, run);
  }
  const { items, unread } = await readItems('run', [...runs.keys()], world);
  const known = new Set([...items.map(({ runId, runAttempt }) => `${runId}.${runAttempt}`), ...unread]);
  for (const [id, facts] of runs)
    if (!known.has(id)) await world.ledger.write(found(facts, repository, installationId, world));
  return true;
}

const found = (facts: RunFacts, repository: Repository, installationId: string, world: World): RunItem => {
  const now = world.clock.now();
  const { runId, runAttempt } = facts;
  return {
    ...{ v: SCHEMA_VERSION, rev: 0, kind: 'run', runId, runAttempt, fetchedAt: now, facts },
    ...{
      repository: facts.repository ?? repository,
      installationId,
      due: now,
      etag: null,
      expiresAtSeconds: null,
    },
  };
};
