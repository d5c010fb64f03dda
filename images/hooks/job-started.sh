#!/bin/bash
# The runner's job-started hook (ACTIONS_RUNNER_HOOK_JOB_STARTED): runs as the runner user before any code of the job,
# hands the job's facts to the agent as one line of JSON and blocks until the agent has decided. Exit code 0: go on. If
# the job is denied, the agent powers the machine off while this still blocks: a failing hook would fail its own step
# alone, and `always()` steps would run.
set -u
# shellcheck disable=SC2016 # The script is for Node: nothing in it is the shell's.
exec /usr/lib/mayfly/node -e '
const facts = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("GITHUB_")));
const agent = require("node:net").connect("/run/mayfly/agent.sock", () => agent.write(`${JSON.stringify(facts)}\n`));
let answer = "";
agent.on("data", (part) => {
  answer += part;
  if (!answer.includes("\n")) return;
  const { allow, why } = JSON.parse(answer.split("\n")[0]);
  if (allow === true) process.exit(0);
  console.log(`Mayfly: this job may not run here: ${why}`);
});
// Without an agent there is no machine for long: the unit of the agent powers it off.
agent.on("error", (error) => console.log(`Mayfly: want an answer of the agent, got ${error.code}`));
setInterval(() => undefined, 3_600_000);
'
