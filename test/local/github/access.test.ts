import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Claims, failureOf, jwt, LABELS, START, serve } from './fixture.ts';

type Served = Awaited<ReturnType<typeof serve>>;
let world: Served;
const shop = { owner: 'acme', repo: 'shop' };
const seconds = START / 1_000;
const hour = 3_600_000;

beforeEach(async () => {
  world = await serve();
});
afterEach(() => world.github.close());

describe("the App's JWT", () => {
  const use = (text: string) => failureOf(world.client(text).rest.apps.getAuthenticated());

  it('is accepted when it is signed by the App, issued in the past and ends within ten minutes', async () => {
    expect((await use(jwt(START))).status).toBeUndefined();
    expect((await use(jwt(START, { iat: seconds, exp: seconds + 600 }))).status).toBeUndefined();
  });

  it.each<[string, Claims, string]>([
    ['another issuer', { iss: '8' }, 'Issuer'],
    ['an issue time ahead', { iat: seconds + 5 }, 'Issued at'],
    ['no end', { exp: undefined }, 'Expiration time'],
    ['an end that is past', { exp: seconds }, 'Expiration time'],
    ['an end more than ten minutes ahead', { exp: seconds + 601 }, 'too far in the future'],
  ])('is refused with %s', async (_, claims, words) => {
    const { status, message } = await use(jwt(START, claims));
    expect(status).toBe(401);
    expect(message).toContain(words);
  });

  it('is refused when a byte of it or its algorithm is changed', async () => {
    const [head, , signature] = jwt(START).split('.');
    const body = Buffer.from(JSON.stringify({ iss: '7', iat: 0, exp: seconds + 60 })).toString('base64url');
    expect((await use(`${head}.${body}.${signature}`)).status).toBe(401);
    expect((await use(jwt(START, {}, 'none'))).status).toBe(401);
  });

  it('may be refused when two are the same to the byte; a jti keeps them apart', async () => {
    world.model.setFaults({ sameJwtRefused: true });
    expect((await use(jwt(START))).status).toBeUndefined();
    expect((await use(jwt(START))).status).toBe(401);
    expect((await use(jwt(START, { jti: 'a' }))).status).toBeUndefined();
    expect((await use(jwt(START, { jti: 'b' }))).status).toBeUndefined();
  });

  it('does not open what installations may do, nor a token what the App may do', async () => {
    expect((await failureOf(world.asApp().rest.repos.get(shop))).status).toBe(403);
    const octokit = world.client(await world.token());
    expect((await failureOf(octokit.rest.apps.listWebhookDeliveries())).status).toBe(403);
  });
});

describe('finding the installation', () => {
  it('goes by organization and by repository', async () => {
    const app = world.asApp().rest.apps;
    const { id } = world.installation;
    expect((await app.getOrgInstallation({ org: 'acme' })).data).toMatchObject({
      id,
      account: { login: 'acme' },
    });
    expect((await app.getRepoInstallation(shop)).data.id).toBe(id);
    expect((await failureOf(app.getUserInstallation({ username: 'mallory' }))).status).toBe(404);
  });

  it('gets a new id after uninstalling; the old one and its tokens are void', async () => {
    const octokit = world.client(await world.token());
    world.model.removeInstallation(world.installation.id);
    expect((await failureOf(octokit.rest.repos.get(shop))).status).toBe(401);
    expect((await failureOf(world.token())).status).toBe(404);
    const again = world.model.addInstallation({ account: 'acme' });
    expect(again.id).not.toBe(world.installation.id);
  });

  it('answers 403 while the installation is suspended', async () => {
    const octokit = world.client(await world.token());
    world.model.suspendInstallation(world.installation.id, START);
    expect((await failureOf(octokit.rest.repos.get(shop))).status).toBe(403);
    expect((await failureOf(world.token())).status).toBe(403);
    world.model.suspendInstallation(world.installation.id, null);
    expect((await octokit.rest.repos.get(shop)).status).toBe(200);
  });
});

describe('an installation token', () => {
  it('has the long form and lives for an hour', async () => {
    const token = await world.token();
    expect(token).toMatch(/^ghs_7_[\w-]+\.[\w-]+\.[\w-]{300,}$/);
    const read = () => world.client(token).rest.repos.get(shop);
    world.time.now = START + hour - 1;
    expect((await read()).status).toBe(200);
    world.time.now = START + hour;
    expect((await failureOf(read())).status).toBe(401);
  });

  it('does what its permissions allow, and 403 says which one was missing', async () => {
    const octokit = world.client(
      await world.token({ permissions: { organization_self_hosted_runners: 'read' } }),
    );
    const list = octokit.rest.actions.listSelfHostedRunnersForOrg({ org: 'acme' });
    expect((await list).status).toBe(200);
    const wish = { org: 'acme', name: 'r', runner_group_id: 1, labels: LABELS };
    const { status, headers } = await failureOf(octokit.rest.actions.generateRunnerJitconfigForOrg(wish));
    expect(status).toBe(403);
    expect(headers['x-accepted-github-permissions']).toBe('organization_self_hosted_runners=write');
    expect((await failureOf(octokit.rest.actions.listWorkflowRunsForRepo(shop))).status).toBe(403);
  });

  it('narrowed to a repository sees only that', async () => {
    const octokit = world.client(await world.token({ repositories: ['shop'] }));
    expect((await octokit.rest.repos.get(shop)).status).toBe(200);
    expect((await failureOf(octokit.rest.repos.get({ ...shop, repo: 'blog' }))).status).toBe(404);
    const { data } = await octokit.rest.apps.listReposAccessibleToInstallation();
    expect(data.repositories.map(({ full_name }) => full_name)).toEqual(['acme/shop']);
  });

  it('reads public repositories, but may not write there', async () => {
    world.model.addRepository({ fullName: 'mallory/tool', visibility: 'public' }, START);
    const octokit = world.client(await world.token());
    const tool = { owner: 'mallory', repo: 'tool' };
    expect((await octokit.rest.repos.get(tool)).data.private).toBe(false);
    expect((await failureOf(octokit.rest.actions.listSelfHostedRunnersForRepo(tool))).status).toBe(403);
  });

  it('cannot be asked for more than the installation has', async () => {
    expect((await failureOf(world.token({ permissions: { contents: 'write' } }))).status).toBe(422);
    expect((await failureOf(world.token({ repositories: ['nowhere'] }))).status).toBe(422);
  });

  it('may not work for its first moments', async () => {
    world.model.setFaults({ tokenUnusableMs: 1_000 });
    const read = (
      (token: string) => () =>
        world.client(token).rest.repos.get(shop)
    )(await world.token());
    expect((await failureOf(read())).status).toBe(401);
    world.time.now += 1_000;
    expect((await read()).status).toBe(200);
  });
});

describe('anything else', () => {
  it("is answered in GitHub's error shape: 401 without credentials, 404 for what does not exist", async () => {
    const bare = await fetch(`${world.github.url}/repos/acme/shop`);
    expect([bare.status, await bare.json()]).toEqual([401, expect.objectContaining({ status: '401' })]);
    const unknown = await fetch(`${world.github.url}/no/such/route`);
    expect([unknown.status, await unknown.json()]).toEqual([
      404,
      { message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' },
    ]);
    expect(world.model.truth.calls().get('unknown')).toBe(1);
  });
});
