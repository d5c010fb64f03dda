#!/usr/bin/env bash
# The operator's own steps. They come before the clean-up and the checks, so that they cannot undo either.
# shellcheck source-path=SCRIPTDIR/.. source=common.sh
. "$IMAGES/provision/common.sh"

[ -n "$OWN_STEPS" ] || exit 0
for step in "$OWN_STEPS"/*.sh; do
  [ -e "$step" ] || fail "$OWN_STEPS" "*.sh files" "none" "remove the option, or add steps"
  echo "-- $(basename "$step")"
  bash -euo pipefail "$step" || fail "$step" "exit code 0" "$?" "mend the step"
done
