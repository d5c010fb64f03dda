#!/usr/bin/env bash
# One user for jobs, with GitHub's own number for it; nobody can log in.
# shellcheck source-path=SCRIPTDIR/.. source=common.sh
. "$IMAGES/provision/common.sh"

getent group runner >/dev/null || groupadd --gid 1001 runner
id runner >/dev/null 2>&1 || useradd --uid 1001 --gid 1001 --create-home --shell /bin/bash runner
[ "$(id -u runner):$(id -g runner)" = 1001:1001 ] ||
  fail "user runner" "1001:1001" "$(id -u runner):$(id -g runner)" "choose a base image without such a user"
for user in ubuntu admin debian; do
  ! id "$user" >/dev/null 2>&1 || userdel --remove "$user" 2>/dev/null
done
passwd --quiet --lock root
passwd --quiet --lock runner
chmod 0750 /home/runner
install -d -o root -g root -m 0755 /opt/runner /var/lib/mayfly
install -d -o runner -g runner -m 0755 /var/lib/mayfly/work /opt/hostedtoolcache

case $LEVEL in
  compatible) usermod --append --groups docker runner ;;
  standard)
    # One range of ids for the containers of the one user there is.
    echo runner:100000:65536 >/etc/subuid
    echo runner:100000:65536 >/etc/subgid
    ;;
esac
