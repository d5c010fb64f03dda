#!/usr/bin/env bash
# The settings as files: those of every level, then the level's own; the agent; the hooks. All root's, writable by root.
# shellcheck source-path=SCRIPTDIR/.. source=common.sh
. "$IMAGES/provision/common.sh"

for from in all "$LEVEL"; do
  (cd "$IMAGES/files/$from" && find . -type f -print) | while read -r file; do
    mode=0644
    [ ! -x "$IMAGES/files/$from/$file" ] || mode=0755
    case $file in ./etc/sudoers.d/*) mode=0440 ;; esac
    install -D -o root -g root -m "$mode" "$IMAGES/files/$from/$file" "/$file"
  done
done
install -o root -g root -m 0644 "$AGENT" /usr/lib/mayfly/agent.mjs
install -d -o root -g root -m 0755 /usr/lib/mayfly/hooks
install -o root -g root -m 0755 "$IMAGES"/hooks/*.sh /usr/lib/mayfly/hooks/

# /proc shows a user its own processes alone; group root, to which the agent belongs, sees all.
grep -q '^proc ' /etc/fstab 2>/dev/null || echo 'proc /proc proc defaults,hidepid=invisible,gid=0 0 0' >>/etc/fstab

# The VPC's own resolver by its fixed address: no resolver daemon on the boot path.
rm -f /etc/resolv.conf.mayfly
if [ "$LEVEL" = strict ]; then
  echo 'nameserver 127.0.0.1' >/etc/resolv.conf.mayfly
  # Names on the list are answered, and their addresses opened; the control plane's are answered for the agent.
  {
    packages /etc/mayfly/egress.list | while read -r name; do
      echo "server=/$name/169.254.169.253"
      echo "nftset=/$name/4#inet#mayfly#egress4,6#inet#mayfly#egress6"
    done
    echo 'server=/on.aws/169.254.169.253'
    echo 'server=/amazonaws.com/169.254.169.253'
  } >/etc/dnsmasq.d/mayfly-egress.conf
else
  echo 'nameserver 169.254.169.253' >/etc/resolv.conf.mayfly
fi
