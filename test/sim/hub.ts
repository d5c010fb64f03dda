import { noFaults } from '../../local/github/faults.ts';
import { documentedLimits } from '../../local/github/limits.ts';
import { createGitHubModel, type GitHubModel } from '../../local/github/model.ts';
import type { Machine } from './agent.ts';
import type { Source } from './clock.ts';
import { drawOf, mix } from './draws.ts';
import type { FaultBook } from './fault-book.ts';
import { GITHUB_FAULTS } from './fault-kinds.ts';
import { invokeWebhook } from './functions.ts';
import { FORK, ORGANIZATION, PUBLIC_REPOSITORY, REPOSITORIES } from './places.ts';
import type { Scenario } from './scenario.ts';
import type { Sim } from './sim.ts';

const MINUTE = 60_000;
/** The model gives its first installation this id. */
const INSTALLATION = 23_154_001;

/** GitHub as the scenario has it; its faults are drawn through the book. */
export function createHub(scenario: Scenario, book: FaultBook): GitHubModel {
  const { odds, pointsMax } = scenario;
  const draw = drawOf(mix(scenario.seed, 0x67697468));
  const github = createGitHubModel({
    draw: book.over(draw, GITHUB_FAULTS),
    limits: {
      // The machines say themselves when they fall silent.
      silenceMaxMs: Number.POSITIVE_INFINITY,
      pointsMax: pointsMax ?? documentedLimits.pointsMax,
    },
    faults: {
      ...noFaults,
      hookLost: odds['hook-lost'] ?? 0,
      hookDuplicated: odds['hook-doubled'] ?? 0,
      hookLate: odds['hook-late'] ?? 0,
      hookReordered: odds['hook-reordered'] ?? 0,
      hookReorderedMaxMs: 30_000,
      hookMalformed: odds['hook-malformed'] ?? 0,
      stolen: odds['stolen'] ?? 0,
      serverError: odds['github-502'] ?? 0,
      answerLost: odds['github-answer-lost'] ?? 0,
      staleRead: odds['github-stale'] ?? 0,
      runnerFieldsZero: 0.5,
      deleteCancels: draw('delete cancels') < 0.3 ? 0.5 : 0,
      tokenUnusableMs: scenario.tokenUnusableMs,
      registrationLingersMs: draw('lingers') < 0.5 ? 20_000 : 0,
      sameJwtRefused: true,
    },
  });
  github.addOrganization(ORGANIZATION);
  github.addUser('mallory');
  for (const fullName of REPOSITORIES)
    github.addRepository({ fullName, visibility: 'private' }, scenario.startAt);
  github.addRepository({ fullName: PUBLIC_REPOSITORY, visibility: 'public' }, scenario.startAt);
  github.addRepository({ fullName: FORK, visibility: 'private', fork: true }, scenario.startAt);
  github.addInstallation({ account: ORGANIZATION });
  return github;
}

/** GitHub's faults stop. Webhooks that are late already stay late. */
export const calmHub = (github: GitHubModel): void => github.setFaults(noFaults);

/** What GitHub does by itself: it posts webhooks; now and then somebody posts one in its name. */
export function hubSource(sim: () => Sim): Source {
  return {
    nextAt: () => sim().github.nextDueAt(),
    run: (now) => {
      const { github } = sim();
      github.advance(now);
      for (const delivery of github.takeDeliveries(now)) {
        invokeWebhook(sim(), delivery, (statusCode) =>
          github.recordDelivery(delivery, { statusCode, durationMs: 100 }, sim().clock.now),
        );
        const name = delivery.id.slice(-6);
        const visit = { key: Number(name), call: 0, name };
        if (sim().book.strikes('forged', 'webhook', visit))
          invokeWebhook(sim(), delivery, () => undefined, true);
      }
    },
  };
}

/** Sessions that GitHub has something to say to. */
export function wake(github: GitHubModel, sessions: ReadonlyMap<string, Machine>): void {
  for (const session of github.takeWoken()) sessions.get(session)?.onWoken();
}

/** The owner suspends the App and lets it in again. */
export function scheduleSuspension(sim: Sim): void {
  const { suspended, startAt } = sim.scenario;
  if (suspended === null) return;
  const { clock, github, book } = sim;
  clock.at(Math.max(suspended.from, startAt + MINUTE), () => {
    book.note('suspended', 'installation', String(INSTALLATION));
    github.suspendInstallation(INSTALLATION, clock.now);
  });
  clock.at(suspended.until, () => github.suspendInstallation(INSTALLATION, null));
}
