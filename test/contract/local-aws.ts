import './one-realm.ts';
import { jsonError } from '../../local/aws/answer.ts';
import { answerWith, dropAnswer, type Fault } from '../../local/aws/faults.ts';
import { type FrontDoor, openFrontDoor } from '../../local/aws/front-door.ts';
import { createClock } from '../../local/clock.ts';

/** The door in front of emulated services, on a port of its own. Its clock is the machine's: requests are signed with it. */
export async function openDoor(): Promise<FrontDoor & { readonly log: readonly string[] }> {
  const log: string[] = [];
  const door = await openFrontDoor({
    clock: createClock({ epochMs: 0, speed: 1 }),
    log: (line) => void log.push(line),
    killCaller: () => undefined,
  });
  return { ...door, log };
}

/** What every SDK client of a test is made with. */
export const clientConfig = (url: string) => ({
  endpoint: url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'TESTACCESSKEY', secretAccessKey: 'unused' },
});

/** The next call of an action goes wrong: `after` it happened its answer is lost, `before` it is turned away. */
export function spoil(door: FrontDoor, on: readonly [service: string, action: string], fault: Fault): void {
  door.faults.before(...on, fault);
}

export const lostAnswer: Fault = dropAnswer;
export const errorAnswer = (code: string, status: number): Fault =>
  answerWith(jsonError(code, 'no reason', status));
