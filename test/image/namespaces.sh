#!/usr/bin/env bash
# A machine's network and what lies outside, as two network namespaces: NAME-in and NAME-out. The metadata service, the
# resolver and the clock have the addresses they have on EC2. `namespaces.sh up NAME`, `namespaces.sh down NAME`.
set -euo pipefail
name=$2

if [ "$1" = down ]; then
  for side in in out; do
    # Some end by themselves meanwhile.
    ip netns pids "$name-$side" 2>/dev/null | xargs -r kill -KILL 2>/dev/null || true
    ip netns delete "$name-$side" 2>/dev/null || true
  done
  exit 0
fi

ip netns add "$name-in"
ip netns add "$name-out"
ip -n "$name-in" link set lo up
ip -n "$name-out" link set lo up
ip -n "$name-in" link add eth0 type veth peer name eth0 netns "$name-out"
for side in in out; do
  ip netns exec "$name-$side" sysctl -qw net.ipv6.conf.eth0.accept_dad=0 net.ipv6.conf.all.accept_dad=0
done
for address in 203.0.113.1/24 203.0.113.10/32 203.0.113.66/32 169.254.169.254/32 169.254.169.253/32 169.254.169.123/32 \
  fd00:ec2::1/64 fd00:ec2::254/128; do
  ip -n "$name-out" address add "$address" dev eth0
done
ip -n "$name-in" address add 203.0.113.100/24 dev eth0
ip -n "$name-in" address add fd00:ec2::100/64 dev eth0
for side in in out; do ip -n "$name-$side" link set eth0 up; done
ip -n "$name-in" route add default via 203.0.113.1
