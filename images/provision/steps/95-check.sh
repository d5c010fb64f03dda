#!/usr/bin/env bash
# The finished root is what it is said to be; see check.sh.
# shellcheck source-path=SCRIPTDIR/.. source=common.sh
. "$IMAGES/provision/common.sh"

bash "$IMAGES/provision/check.sh"
