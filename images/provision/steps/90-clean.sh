#!/usr/bin/env bash
# Nothing of the build stays: no identity, no key, no history, no cache. Every machine draws its own at its first boot.
# shellcheck source-path=SCRIPTDIR/.. source=common.sh
. "$IMAGES/provision/common.sh"

apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/tmp/* /var/lib/cloud /etc/cloud /etc/ssh/ssh_host_* /root/.ssh \
  /home/*/.ssh /root/.*_history /home/*/.*_history /root/.cache /root/.wget-hsts /var/lib/dhcp /var/lib/systemd/random-seed \
  /var/lib/dbus/machine-id /var/log/journal
: >/etc/machine-id
find /var/log -type f -delete
if [ -e /etc/resolv.conf.mayfly ]; then
  rm -f /etc/resolv.conf
  mv /etc/resolv.conf.mayfly /etc/resolv.conf
fi

# Image Builder runs these very steps through its agent, so there it goes as the machine shuts down for its snapshot.
# A machine that boots with it nevertheless powers off (check-doors).
if systemctl --quiet is-active amazon-ssm-agent.service snap.amazon-ssm-agent.amazon-ssm-agent.service 2>/dev/null; then
  install -m 0755 "$IMAGES/provision/remove-ssm-agent.sh" /usr/local/sbin/mayfly-remove-ssm-agent
  install -m 0644 "$IMAGES/provision/mayfly-goodbye.service" /etc/systemd/system/mayfly-goodbye.service
  systemctl daemon-reload
  systemctl start mayfly-goodbye.service
else
  bash "$IMAGES/provision/remove-ssm-agent.sh"
fi
