#!/usr/bin/env bash
# The runner program: an exact version, its tarball checked against the published SHA-256 before it is opened.
# shellcheck source-path=SCRIPTDIR/.. source=common.sh
. "$IMAGES/provision/common.sh"

version=$(locked version)
arch=$(architecture)
if [ -z "$TARBALL" ]; then
  TARBALL=$(mktemp)
  trap 'rm -f "$TARBALL"' EXIT
  url=https://github.com/actions/runner/releases/download/v$version/actions-runner-linux-$arch-$version.tar.gz
  curl --fail --silent --show-error --location --proto '=https' --retry 3 --max-time 600 --output "$TARBALL" "$url" ||
    fail "$url" "the tarball" "no download" "check the way to github.com, or the version in $LOCK"
fi
sum=$(sha256sum "$TARBALL" | cut -d ' ' -f 1)
[ "$sum" = "$(locked "sha256_$arch")" ] ||
  fail "the runner's tarball" "SHA-256 $(locked "sha256_$arch")" "$sum" "do not use it; if the release was replaced, find out why"

runner=/usr/lib/mayfly/runner
rm -rf "$runner"
install -d -m 0755 "$runner"
tar --extract --gzip --file "$TARBALL" --directory "$runner" --no-same-owner --no-same-permissions
chown -R root:root "$runner"
chmod -R go-w "$runner"
for part in bin/Runner.Listener externals; do
  [ -e "$runner/$part" ] || fail "the runner's tarball" "$part in it" "none" "its layout has changed: adapt this step"
done

# The agent runs by the newest Node that the runner brings: no second runtime on the boot path.
node=$(find "$runner/externals" -path '*/node[0-9]*/bin/node' | sort --version-sort | tail -n 1)
[ -n "$node" ] || fail "the runner's tarball" "externals/node*/bin/node" "none" "its layout has changed: adapt this step"
ln -sfn "$node" /usr/lib/mayfly/node
