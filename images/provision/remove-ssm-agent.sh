#!/usr/bin/env bash
# Removes the SSM agent, as package or snap, and snapd with it; then itself, where it was installed to run at shutdown.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

if command -v snap >/dev/null; then snap remove --purge amazon-ssm-agent || true; fi
for package in amazon-ssm-agent snapd; do
  ! dpkg-query -W "$package" >/dev/null 2>&1 || apt-get purge -y -qq "$package" >/dev/null
done
rm -rf /var/lib/amazon /etc/amazon /var/log/amazon /snap /var/snap /var/lib/snapd
rm -f /etc/systemd/system/mayfly-goodbye.service /usr/local/sbin/mayfly-remove-ssm-agent
