#!/usr/bin/env bash
# What the level has, and nothing that opens a door or slows the boot.
# shellcheck source-path=SCRIPTDIR/.. source=common.sh
. "$IMAGES/provision/common.sh"

mapfile -t wanted < <(packages "$IMAGES/packages/all" "$IMAGES/packages/$(distribution)" "$IMAGES/packages/$LEVEL")
apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null

# amazon-ssm-agent is not among these: Image Builder works through it until the end (see 90-clean.sh).
unwanted=(openssh-server ec2-instance-connect cloud-init cloud-guest-utils unattended-upgrades apport packagekit
  polkitd policykit-1 modemmanager multipath-tools udisks2 landscape-common ubuntu-pro-client netplan.io rsyslog)
mapfile -t present < <(dpkg-query -W -f '${Package} ${Status}\n' "${unwanted[@]}" 2>/dev/null | sed -n 's/ .* installed$//p')
[ ${#present[@]} -eq 0 ] || apt-get purge -y -qq "${present[@]}" >/dev/null
apt-get autoremove -y -qq --purge >/dev/null
