#!/usr/bin/env bash
# Everything that can be known to be wrong before anything is changed.
# shellcheck source-path=SCRIPTDIR/.. source=common.sh
. "$IMAGES/provision/common.sh"

[ "$(id -u)" = 0 ] || fail user root "$(id -un)" "run this as root, in the root that becomes the image"
case $LEVEL in
  compatible | standard | strict) ;;
  *) fail --level "compatible, standard or strict" "'$LEVEL'" "name the hardening level" ;;
esac
[ -f "$IMAGES/packages/$(distribution)" ] ||
  fail "/etc/os-release" "Ubuntu 24.04 or Debian 12" "$(distribution)" "use one of the bases in recipes/"
case $(architecture) in
  x64 | arm64) ;;
  *) fail "dpkg --print-architecture" "amd64 or arm64" "$(architecture)" "the runner is published for these two" ;;
esac
[ -f "$AGENT" ] || fail --agent "the bundled agent" "no file '$AGENT'" "bundle it with images/agent/bundle.ts"
[ -f "$LOCK" ] || fail --lock "the lock file" "no file '$LOCK'" "restore images/runner.lock"
[ -z "$OWN_STEPS" ] || [ -d "$OWN_STEPS" ] ||
  fail --own-steps "a folder" "'$OWN_STEPS'" "name the folder that holds your *.sh files"

again="node images/refresh-lock.ts"
[[ $(locked version) =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] ||
  fail "$LOCK: version" "an exact version like 2.336.0" "'$(locked version)'" "write the file anew with $again"
sum=sha256_$(architecture)
[[ $(locked "$sum") =~ ^[0-9a-f]{64}$ ]] ||
  fail "$LOCK: $sum" "the published SHA-256, 64 hex digits" "'$(locked "$sum")'" "write the file anew with $again"
