#!/usr/bin/env bash
# Makes a machine image of the root it runs in: an EC2 Image Builder instance, or the local test root (by chroot).
#
#   provision.sh --level compatible|standard|strict --agent FILE [--tarball FILE] [--lock FILE] [--own-steps DIR]
#
# --agent      the bundled agent (images/agent/bundle.ts)
# --tarball    the runner's tarball, if it is on this machine; else it is downloaded. Checked against the lock either way
# --lock       default: runner.lock beside this folder
# --own-steps  a folder of *.sh files of yours: run as root, in the order of their names, before the clean-up
#
# Any step that fails ends the build with one sentence and exit code 1: a half-made image is none.
set -euo pipefail

IMAGES=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export IMAGES LOCK="$IMAGES/runner.lock" LEVEL='' AGENT='' TARBALL='' OWN_STEPS=''
while [ $# -gt 0 ]; do
  case $1 in
    --level) LEVEL=${2:-} ;;
    --agent) AGENT=${2:-} ;;
    --tarball) TARBALL=${2:-} ;;
    --lock) LOCK=${2:-} ;;
    --own-steps) OWN_STEPS=${2:-} ;;
    *) echo "provision: want --level, --agent, --tarball, --lock or --own-steps, got $1" >&2 && exit 1 ;;
  esac
  shift $(($# > 1 ? 2 : 1))
done

for step in "$IMAGES"/provision/steps/*.sh; do
  name=$(basename "$step" .sh)
  echo "== $name"
  bash "$step" || { echo "provision: step $name failed; no image was made" >&2 && exit 1; }
done
echo "provision: done, $LEVEL"
