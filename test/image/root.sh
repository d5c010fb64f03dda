#!/usr/bin/env bash
# `root.sh base CACHE`: makes (or finds) a bare Debian 12 root as CACHE/debian-12.tar.
# `root.sh copy CACHE ROOT`: unpacks it, with this machine's way to Debian's packages and the project's images/ folder.
# `root.sh provision ROOT ARGS...`: runs the real provisioning in it.
# Packages come from where this machine's own apt gets them.
set -euo pipefail

base() {
  local tar=$1/debian-12.tar fresh site
  # A base of more than a day is made anew: it is upgraded by provisioning, but that takes longer each day.
  if [ -n "$(find "$tar" -mmin -1440 2>/dev/null)" ]; then return; fi
  mkdir -p "$1"
  fresh=$(mktemp -d "$1/new.XXXXXX")
  # shellcheck disable=SC2016 # The names are apt's, not the shell's.
  site=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Codename: bookworm' | sed -n 1p)
  [ -n "$site" ] || { echo "root: want a source of Debian 12 packages in apt's configuration, got none" >&2 && exit 1; }
  debootstrap --variant=minbase --include=ca-certificates bookworm "$fresh" "$site" >"$1/debootstrap.log" 2>&1 ||
    { tail -n 20 "$1/debootstrap.log" >&2 && exit 1; }
  chmod 0755 "$fresh"
  tar --create --file "$tar.new" --directory "$fresh" .
  mv "$tar.new" "$tar"
  rm -rf "$fresh"
}

copy() {
  mkdir -p "$2"
  tar --extract --file "$1/debian-12.tar" --directory "$2"
  rm -f "$2/etc/apt/sources.list"
  cp -r /etc/apt/sources.list* /etc/apt/apt.conf.d /etc/apt/trusted.gpg.d /etc/apt/keyrings "$2/etc/apt/" 2>/dev/null || true
  rm -f "$2/etc/resolv.conf"
  cp -L /etc/resolv.conf "$2/etc/resolv.conf"
  cp -r images "$2/opt/mayfly-images"
}

provision() {
  local root=$1
  shift
  mount -t proc proc "$root/proc"
  # shellcheck disable=SC2064 # The root of now.
  trap "umount '$root/proc'" EXIT
  chroot "$root" /opt/mayfly-images/provision/provision.sh "$@"
}

"$@"
