import * as z from 'zod/mini';
import { projectJob } from '../core/project-webhook.ts';
import type { ListedJob, SeenDelivery, SeenInstallation, SeenRepository } from '../ports/github.ts';
import { foreign, id, repositoryRefOf } from './github-answers.ts';

/** GitHub's answers to looking around, as the port wants them; undefined for an answer of another form. */

type Headers = Readonly<Record<string, string | number | undefined>>;

export const etagOf = (headers: Headers): string | null => {
  const { etag } = headers;
  return typeof etag === 'string' && etag.length <= 200 ? etag : null;
};

/** The cursor of the next page, from the Link header. */
export function nextCursorOf({ link }: Headers): string | null {
  const found = /<([^>]+)>;\s*rel="next"/.exec(String(link ?? ''))?.[1];
  const url = found === undefined ? null : URL.parse(found);
  return url?.searchParams.get('cursor') ?? null;
}

const jobPage = z.object({ jobs: z.array(z.unknown()) });

/** A job that cannot be read is left out: it hides no other. */
export function jobsOf(
  answer: unknown,
): { readonly jobs: readonly ListedJob[]; readonly listed: number } | undefined {
  const page = jobPage.safeParse(answer).data;
  return page && { jobs: page.jobs.flatMap((job) => projectJob(job) ?? []), listed: page.jobs.length };
}

const installation = z.object({
  id,
  account: z.nullable(z.object({ login: z.optional(z.string()) })),
  suspended_at: z.nullish(z.string()),
});

export function installationsOf(answer: unknown): readonly SeenInstallation[] | undefined {
  return z
    .array(installation)
    .safeParse(answer)
    .data?.map((one) => ({
      installationId: one.id,
      login: one.account?.login ?? '',
      isSuspended: (one.suspended_at ?? null) !== null,
    }));
}

export const installationIdOf = (answer: unknown): string | undefined =>
  z.object({ id }).safeParse(answer).data?.id;

const repository = z.object({
  id,
  full_name: z.string(),
  private: z.boolean(),
  visibility: z.optional(z.string()),
  fork: z.boolean(),
  archived: z.optional(z.boolean()),
  disabled: z.optional(z.boolean()),
  pushed_at: z.nullish(z.string()),
  owner: z.object({ id, login: z.string(), type: z.string() }),
});

const repositoryPage = z.object({ repositories: z.array(repository) });

/** Repositories in which jobs can run: archived and disabled ones are left out. */
export function repositoriesOf(
  answer: unknown,
): { readonly repositories: readonly SeenRepository[]; readonly listed: number } | undefined {
  const page = repositoryPage.safeParse(answer).data;
  return (
    page && {
      repositories: page.repositories.flatMap((one) =>
        one.archived || one.disabled ? [] : repositoryOf(one),
      ),
      listed: page.repositories.length,
    }
  );
}

function repositoryOf(one: z.infer<typeof repository>): SeenRepository[] {
  const ref = repositoryRefOf(one);
  return ref === undefined ? [] : [{ repository: ref, pushedAt: Date.parse(one.pushed_at ?? '') || 0 }];
}

const delivery = z.object({
  id,
  guid: z.string().check(z.maxLength(100)),
  delivered_at: z.string(),
  status: z.string(),
  status_code: z.int(),
  event: z.string(),
  action: z.nullish(foreign(40)),
});

export function deliveriesOf(answer: unknown): readonly SeenDelivery[] | undefined {
  return z
    .array(delivery)
    .safeParse(answer)
    .data?.map((one) => ({
      deliveryId: one.id,
      guid: one.guid,
      event: one.event,
      action: one.action ?? null,
      statusCode: one.status_code,
      isOk: one.status_code >= 200 && one.status_code < 400,
      deliveredAt: Date.parse(one.delivered_at) || 0,
    }));
}
