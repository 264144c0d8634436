#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An empty Debian, a clone, the commands of the README. ./dev fresh [COMMAND] runs COMMAND in the clone instead.
# Needs root and debootstrap. MICROHOST_SUITE (bookworm) and MICROHOST_MIRROR choose another Debian; MICROHOST_CCACHE is
# the folder of a ccache to use inside, for the impatient.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
project=$PWD
suite=${MICROHOST_SUITE:-bookworm}
mirror=${MICROHOST_MIRROR:-http://deb.debian.org/debian}
base=$project/.cache/fresh-$suite.tar
place=/srv/microhost # in the chroot

die() { printf 'fresh: %s\n' "$*" >&2; exit 2; }
say() { printf '\033[1m== fresh:\033[0m %s\n' "$*" >&2; }

[ "$(id -u)" = 0 ] || die "needs root, for chroot"
command -v debootstrap >/dev/null || die "debootstrap is missing: apt-get install debootstrap"

tree=$(mktemp -d -t microhost-fresh-XXXXXX)
mounted=()

leave() {
    local at
    for ((at = ${#mounted[@]} - 1; at >= 0; at--)); do
        umount -l "${mounted[at]}" || true
    done
    # Never delete through a mount that is still there.
    if grep -q " $tree/" /proc/self/mounts; then
        say "still mounted below $tree; it is left as it is"
    else
        rm -rf --one-file-system "$tree"
    fi
}
trap leave EXIT
trap 'exit 130' INT TERM

attach() { # TYPE-OR-BIND SOURCE TARGET [OPTIONS]
    if [ "$1" = bind ]; then mount --bind "$2" "$3"; else mount -t "$1" ${4:+-o "$4"} "$2" "$3"; fi
    mounted+=("$3")
}

unpack_base() {
    if [ ! -f "$base" ]; then
        say "debootstrap $suite, once"
        mkdir -p "$(dirname "$base")"
        debootstrap --variant=minbase --include=ca-certificates,curl,git "$suite" "$tree" "$mirror" >"$base.log" 2>&1 ||
            die "debootstrap failed, see $base.log"
        tar -C "$tree" -cf "$base.new" .
        mv "$base.new" "$base"
    else
        tar -C "$tree" -xf "$base"
    fi
}

prepare() {
    attach proc proc "$tree/proc"
    attach tmpfs tmpfs "$tree/dev" mode=755,size=64k
    local node
    for node in null zero full random urandom tty; do
        touch "$tree/dev/$node"
        attach bind "/dev/$node" "$tree/dev/$node"
    done
    ln -s /proc/self/fd "$tree/dev/fd"
    ln -s pts/ptmx "$tree/dev/ptmx"
    mkdir "$tree/dev/shm" "$tree/dev/pts"
    attach tmpfs tmpfs "$tree/dev/shm"
    attach devpts devpts "$tree/dev/pts" newinstance,ptmxmode=0666
    printf '127.0.0.1 localhost\n::1 localhost\n' >"$tree/etc/hosts"
    cp -L /etc/resolv.conf "$tree/etc/resolv.conf"
    # The way to the packages is the machine's affair, not the test's: proxy, and whether dates are checked.
    apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-Date|Check-Valid-Until)' >"$tree/etc/apt/apt.conf.d/90fresh" || true
    git clone -q --no-hardlinks "$project" "$tree$place"
    if [ -n "${MICROHOST_CCACHE-}" ]; then
        mkdir -p "$tree/var/cache/ccache"
        attach bind "$MICROHOST_CCACHE" "$tree/var/cache/ccache"
        inside "apt-get update -qq && apt-get install -y -qq --no-install-recommends ccache" >/dev/null
    fi
    if [ -d "${MICROHOST_KITS:-$project/../shared/kits}" ]; then
        mkdir -p "$tree/srv/shared"
        cp -r "${MICROHOST_KITS:-$project/../shared/kits}" "$tree/srv/shared/kits"
    fi
}

enter() { # COMMAND: takes the place of this shell; root in the clone, with an environment of its own
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root CCACHE_DIR=/var/cache/ccache LANG=C.UTF-8 TERM=dumb \
        chroot "$tree" bash -c "cd $place && $1"
}
inside() { (enter "$1"); }

# What the README tells a stranger: the gateway and its own curl lines, then the tests.
tour() {
    local log=$tree/tmp/run.log
    say "./dev run"
    (enter "exec ./dev run") >"$log" 2>&1 &
    local runner=$! waited=0
    until grep -q '^  try' "$log" && grep -q 'ready$\|"ready"' "$log"; do
        kill -0 $runner 2>/dev/null || { tail -40 "$log"; die "./dev run ended"; }
        [ $((waited++)) -lt 1800 ] || { tail -40 "$log"; kill $runner; die "no card after half an hour"; }
        sleep 1
    done
    sed -n '/^  try/,$p' "$log" | grep 'curl ' | tee "$tree/tmp/curl-lines"
    inside 'while read -r line; do timeout 10 bash -c "$line" || exit 1; echo; done </tmp/curl-lines' ||
        { kill $runner; die "a curl line of the card does not work"; }
    inside "$(declare -f expect); expect" || { kill $runner; die "the demo does not answer as the README says"; }
    kill -TERM $runner
    wait $runner || die "./dev run ended with $? after SIGTERM"
    say "an example copied out of the tree"
    inside "$(declare -f stranger); stranger"
    say "./dev test"
    inside "./dev test"
}

# Runs inside: what the README's first call promises.
expect() {
    set -eu
    local url='http://127.0.0.1:8080/greeter/say/hello?name=John' answer status statuses=
    [ "$(curl -s -m 10 -o /dev/null -w '%{http_code}' "$url")" = 401 ] || { echo "no 401 without a token"; exit 1; }
    answer=$(curl -s -m 10 -H 'Authorization: Bearer demo' "$url")
    [ "$answer" = '{"msg":"Hello John"}' ] || { echo "not the greeting: $answer"; exit 1; }
    for _ in $(seq 200); do
        status=$(curl -s -m 10 -o /dev/null -w '%{http_code}' -H 'Authorization: Bearer demo' "$url")
        [ "$status" != 429 ] || { echo "200, 401, 429"; return; }
        statuses+="$status "
    done
    echo "no 429 after 200 calls: $statuses"
    exit 1
}

# Runs inside: the installed SDK and a compiler are all that a plugin needs; every module shows one symbol.
stranger() {
    set -eu
    local prefix=$PWD/.cache/prefix/release module
    export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
    cp examples/stamp/stamp.c /tmp
    cd /tmp
    # shellcheck disable=SC2046
    cc -Wall -Wextra -Werror $(pkg-config --cflags microhost) stamp.c $(pkg-config --libs microhost) -o stamp.so
    "$prefix/bin/microhost" --load api.so ./stamp.so --check_config >/dev/null
    for module in stamp.so "$prefix"/lib/microhost/*.so; do
        echo "$module: $(nm -D --defined-only "$module")"
        [ "$(nm -D --defined-only "$module" | awk '{ print $3 }')" = mh_module_entry ]
    done
}

unpack_base
prepare
if [ $# -gt 0 ]; then
    inside "$*"
else
    tour
fi
