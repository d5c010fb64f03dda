#!/usr/bin/env bash
# What starts at boot: what the one job needs, and nothing else.
# shellcheck source-path=SCRIPTDIR/.. source=common.sh
. "$IMAGES/provision/common.sh"

systemctl --quiet enable mayfly-agent.service systemd-networkd.service chrony.service
case $LEVEL in
  compatible) systemctl --quiet enable docker.service ;;
  standard) systemctl --quiet enable tmp.mount ;;
  strict) systemctl --quiet enable dnsmasq.service tmp.mount ;;
esac
systemctl --quiet set-default multi-user.target
systemctl --quiet mask \
  apt-daily.timer apt-daily-upgrade.timer man-db.timer motd-news.timer fstrim.timer e2scrub_all.timer dpkg-db-backup.timer \
  fwupd-refresh.timer update-notifier-download.timer systemd-networkd-wait-online.service systemd-journal-flush.service \
  systemd-resolved.service systemd-timesyncd.service systemd-coredump.socket systemd-pstore.service ldconfig.service systemd-update-utmp.service \
  getty@tty1.service console-getty.service serial-getty@ttyS0.service ssh.service ssh.socket nftables.service \
  podman.service podman.socket podman-auto-update.service podman-auto-update.timer podman-restart.service snapd.service snapd.socket 2>/dev/null
