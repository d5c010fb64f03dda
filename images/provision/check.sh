#!/usr/bin/env bash
# Asserts that the root it runs in is a finished image of $LEVEL: prints every difference, exits with 1 if there is one.
set -uo pipefail
LEVEL=${LEVEL:-$(cat /etc/mayfly/level)}
problems=0

# want SENTENCE COMMAND...: the command must succeed.
want() {
  local sentence=$1
  shift
  "$@" >/dev/null 2>&1 || { echo "check: want $sentence" >&2 && problems=$((problems + 1)); }
}
not() { ! "$@"; }
is_missing() { ! compgen -G "$1" >/dev/null; }
has() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q ' installed$'; }
# Everything below these paths is root's, and no one else may write it.
is_roots() { [ -z "$(find -L "$@" \( -not -user root -o -perm /022 \) -not -type l -print -quit)" ]; }

want "programs, hooks and settings that root alone can write" is_roots /usr/lib/mayfly /etc/mayfly \
  /etc/systemd/system/mayfly-agent.service /etc/systemd/system/mayfly-runner.service.d /usr/local/bin /usr/local/sbin
want "the job-started hook" test -x /usr/lib/mayfly/hooks/job-started.sh
want "the agent's unit enabled" systemctl --quiet is-enabled mayfly-agent.service
want "an empty machine-id" test ! -s /etc/machine-id
want "no ssh host key" is_missing '/etc/ssh/ssh_host_*'
want "no authorized key" is_missing '/{root,home/*}/.ssh/authorized_keys'
want "no shell history" is_missing '/root/.*_history'
want "no journal on disk" test ! -e /var/log/journal
for package in openssh-server ec2-instance-connect cloud-init unattended-upgrades polkitd; do
  want "no $package" not has "$package"
done
[ -e /etc/systemd/system/mayfly-goodbye.service ] || want "no SSM agent" not has amazon-ssm-agent
want "a locked root" grep -q '^root:[!*]' /etc/shadow
want "a locked runner" grep -q '^runner:!' /etc/shadow
want "no password that lets anyone in" not grep -qE '^[^:]+:(\$|:)' /etc/shadow
want "a hidden /proc" grep -q '^proc .*hidepid=invisible' /etc/fstab
want "no file of another owner than root, a system user or runner" \
  test -z "$(find / -xdev \( -nouser -o -nogroup \) -not -path '/proc/*' -print -quit 2>/dev/null)"

sudo_rights() { grep -rqs runner /etc/sudoers /etc/sudoers.d; }
case $LEVEL in
  compatible)
    want "sudo for the runner" sudo_rights
    want "Docker" has docker.io
    ;;
  standard)
    want "no sudo for the runner" not sudo_rights
    want "rootless containers" has podman
    want "no Docker daemon" not has docker.io
    ;;
  strict)
    want "no sudo for the runner" not sudo_rights
    want "no container engine" not has podman
    want "no Docker daemon" not has docker.io
    want "the resolver that keeps the egress list" test -s /etc/dnsmasq.d/mayfly-egress.conf
    ;;
esac
[ "$problems" = 0 ] || { echo "check: $problems problems" >&2 && exit 1; }
