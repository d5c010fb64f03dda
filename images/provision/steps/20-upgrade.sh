#!/usr/bin/env bash
# All packages upgraded, and proved to be: an image that starts out stale is refused by age long before its time.
# shellcheck source-path=SCRIPTDIR/.. source=common.sh
. "$IMAGES/provision/common.sh"

apt-get update -qq
# Ubuntu holds back a part of each update for some machines: an image takes all of it.
apt-get full-upgrade -y -qq -o APT::Get::Always-Include-Phased-Updates=true >/dev/null
left=$(apt list --upgradable -qq 2>/dev/null | cut -d / -f 1 | paste -sd ' ')
[ -z "$left" ] || fail "apt-get full-upgrade" "every package upgraded" "not upgraded: $left" "see what holds them (apt-mark showhold)"
