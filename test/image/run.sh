#!/usr/bin/env bash
# npm run test:image: installs what the image tests need from Debian, then runs them. Arguments go to jest.
set -euo pipefail
cd "$(dirname "$0")/../.."

refuse() {
  echo "test:image: $1" >&2
  exit 1
}
[ "$(uname -s)" = Linux ] || refuse "want Linux, got $(uname -s): the tests make network namespaces and boot a root"
[ "$(id -u)" = 0 ] || refuse "want root, got $(id -un): the tests make namespaces and a Debian root; run it as root"
command -v apt-get >/dev/null || refuse "want Debian or Ubuntu, got no apt-get"

declare -A needs=([nft]=nftables [ip]=iproute2 [debootstrap]=debootstrap [dnsmasq]=dnsmasq-base [openssl]=openssl
  [systemd-analyze]=systemd [setpriv]=util-linux [shellcheck]=shellcheck)
missing=()
for program in "${!needs[@]}"; do
  PATH="$PATH:/usr/sbin:/sbin" command -v "$program" >/dev/null || missing+=("${needs[$program]}")
done
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

mapfile -t scripts < <(grep -rlE '^#!(/bin/(ba)?sh|/usr/bin/env bash)' images test/image --exclude='*.ts')
shellcheck -x images/provision/common.sh "${scripts[@]}"

unshare --net --mount --pid --fork true 2>/dev/null || refuse "want the right to make namespaces, got none: run it outside a container"
export PATH="$PWD/node_modules/.bin:$PATH"
exec node --disable-warning=ExperimentalWarning --experimental-vm-modules node_modules/jest/bin/jest.js \
  --config test/image/jest.config.js --runInBand "$@"
