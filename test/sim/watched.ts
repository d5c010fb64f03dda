import { pounce } from './people.ts';
import type { RawPorts, Sim } from './sim.ts';
import type { Run } from './world.ts';

/** The ports as the rules see them used: what is asked is told before its effect, what came of it after. */
export function watched(sim: Sim, run: Run, ports: RawPorts): RawPorts {
  const { ledger, instances, github } = ports;
  /** People queue jobs at the worst moment: while a runner is being sent away. */
  const mayPounce = (site: string, about: string): void => {
    const name = `pounce ${site} ${run.name}`;
    if (sim.book.strikes('pounce', site, { key: run.key, call: run.calls, name: about })) pounce(sim, name);
  };
  return {
    ...ports,
    ledger: {
      ...ledger,
      write: async (item) => {
        const outcome = await ledger.write(item);
        if (outcome.ok && outcome.value === 'stale') sim.tell({ kind: 'stale', fn: run.fn, item });
        return outcome;
      },
    },
    instances: {
      ...instances,
      launch: async (request) => {
        sim.tell({ kind: 'launch-asked', request });
        const answer = await instances.launch(request);
        sim.tell({ kind: 'launched', request, answer });
        return answer;
      },
      terminate: async (ids) => {
        mayPounce('terminate', ids[0] ?? '');
        sim.tell({ kind: 'terminate-asked', ids });
        return instances.terminate(ids);
      },
    },
    github: {
      ...github,
      mint: async (request) => {
        const outcome = await github.mint(request);
        sim.tell({ kind: 'minted', name: request.name, outcome });
        return outcome;
      },
      deregister: async (scope, id) => {
        mayPounce('deregister', id);
        const outcome = await github.deregister(scope, id);
        sim.tell({ kind: 'deregistered', fn: run.fn, outcome });
        return outcome;
      },
    },
  };
}
