#!/usr/bin/env bash
# Boots a root as a machine: its own systemd as process 1 of namespaces of its own, on the network NAME-in of
# namespaces.sh. Ends when the machine is powered off. `boot.sh NAME ROOT CONSOLE` (CONSOLE: a file).
set -euo pipefail
name=$1 root=$2 console=$3

# A control group of its own, of which the machine sees nothing but the inside.
group=/sys/fs/cgroup
[ -e $group/cgroup.procs ] || group=/sys/fs/cgroup/unified
if [ ! -e $group/cgroup.procs ]; then
  mkdir -p /run/mayfly-test-cgroup
  mountpoint -q /run/mayfly-test-cgroup || mount -t cgroup2 cgroup2 /run/mayfly-test-cgroup
  group=/run/mayfly-test-cgroup
fi
mkdir -p "$group/$name"
echo $$ >"$group/$name/cgroup.procs"

inside=$(
  cat <<'END'
set -eu
root=$1 console=$(tty)
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
# What the kernel has but once stays the host's: the machine may read it.
mount --bind "$root/proc/sys" "$root/proc/sys"
mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o nosuid,nodev tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
touch "$root/dev/console"
mount --bind "$console" "$root/dev/console"
mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs "$root/run"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
cd "$root"
pivot_root . mnt
umount -l /mnt
# Neither the host's clock nor its kernel modules are the machine's to change.
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  setpriv --bounding-set=-sys_time,-sys_module,-sys_rawio /lib/systemd/systemd --log-target=console --show-status=yes
END
)
export inside root name
# A terminal, since systemd writes to no other console; what appears on it is kept in the file.
# shellcheck disable=SC2016 # Expanded by the shell that `script` starts.
script --quiet --flush --command 'ip netns exec "$name-in" unshare --pid --mount --uts --ipc --cgroup --fork \
  --kill-child=KILL bash -c "$inside" bash "$root"' "$console" </dev/null >/dev/null || true
# Emptied when the last process of it is gone.
for _ in {1..50}; do
  rmdir "$group/$name" 2>/dev/null || find "$group/$name" -depth -mindepth 1 -type d -exec rmdir {} + 2>/dev/null
  [ -e "$group/$name" ] || break
  grep -q "^$$\$" "$group/$name/cgroup.procs" && echo $$ >"$group/cgroup.procs"
  sleep 0.1
done
