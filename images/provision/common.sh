# shellcheck shell=bash
# Sourced by every step.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

# fail WHERE WANT GOT DO: one sentence, and the end of the build.
fail() {
  echo "$1: want $2, got $3: $4" >&2
  exit 1
}

# The distribution as the files of packages/ name it.
distribution() {
  # shellcheck disable=SC1091
  (. /etc/os-release && echo "$ID-$VERSION_ID")
}

# The architecture as the runner's releases name it.
architecture() {
  case $(dpkg --print-architecture) in
    amd64) echo x64 ;;
    arm64) echo arm64 ;;
    *) dpkg --print-architecture ;;
  esac
}

# locked NAME: a value of the lock file; empty if it has none.
locked() {
  sed -n "s/^$1=//p" "$LOCK" | head -n 1
}

# packages FILE...: the names in these lists, without comments.
packages() {
  sed 's/#.*//' "$@" | grep -v '^ *$'
}
