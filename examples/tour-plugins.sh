#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Plugins in production, driven from outside: a gateway with an access filter is started, and while clients ask it all the time, plugins
# are checked, dropped, replaced, broken, deleted and crashed, and the gateway is configured anew and upgraded. At the end there is a
# table. Exit status 0: every step went as its comment says, no request was lost, and nobody got in without the token.
#
# usage: examples/tour-plugins.sh [PREFIX]
#
# PREFIX is where microhost is installed; else $MICROHOST_PREFIX, the microhost on the PATH, the one that pkg-config knows, or what
# ./dev has built. It needs curl, cc, python3 and pkg-config, takes half a minute, and touches nothing outside a temporary folder.
# The plugins are examples/tour/door.c, which wants a token, and examples/tour/mark.c, which stamps answers; both say which version of
# them a request has passed. The clients are examples/tour/load.py.
set -u -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
die() { echo "tour-plugins: $*" >&2; exit 2; }

# ---- where it is

find_prefix() {
    local place
    for place in "${1-}" "${MICROHOST_PREFIX-}" "$(dirname "$(dirname "$(command -v microhost)")")" \
        "$(pkg-config --variable=prefix microhost 2>/dev/null)" "$here"/../.cache/prefix/{release,dev}; do
        [ -z "$place" ] || [ ! -x "$place/bin/microhost" ] || { (cd "$place" && pwd); return; }
        [ -z "${1-}" ] || die "$1/bin/microhost: no such program"
    done
    die "no microhost is installed here: give its prefix, or run ./dev run once"
}
for program in curl cc python3 pkg-config; do command -v "$program" >/dev/null || die "$program is missing"; done
prefix=$(find_prefix "$@") || exit 2
export PATH=$prefix/bin:$PATH PKG_CONFIG_PATH=$prefix/lib/pkgconfig:$prefix/share/pkgconfig
read -ra sdk <<<"$(pkg-config --cflags --libs microhost)"
[ ${#sdk[@]} -gt 0 ] || die "$prefix has no microhost.pc"

unset "${!MICRO_@}" "${!MICROHOST_@}" # what is set for another instance is not meant for this one
dir=$(mktemp -d "${TMPDIR:-/tmp}/microhost-tour-XXXXXX")
export MICROHOST_RUNTIME_DIR=$dir/runtime
plugins=$dir/plugins log=$dir/log config=$dir/microhost.json
mkdir -m 700 "$plugins" "$dir/made" "$dir/runtime" "$dir/state"
: >"$log"

host='' load=''
leave() {
    [ -z "$load" ] || kill "$load" 2>/dev/null
    [ -z "$host" ] || { kill "$host" 2>/dev/null; wait "$host" 2>/dev/null; }
    rm -rf "$dir"
}
trap leave EXIT
trap 'exit 130' INT TERM

# ---- how a step is told

rows=() bad=0 number=0 did='' verdict='' took=0 out='' status=0

shown() { sed "s|$dir/||g; s/^/    /"; }
note() { printf '    # %s\n' "$*"; }
wrong() { verdict=${verdict:-$*}; printf '    WRONG: %s\n' "$*"; }
expect() { # WHAT COMMAND...: it has to succeed
    "${@:2}" || wrong "$1"
}
run() { # COMMAND...: shown as an operator would type it; sets out and status
    printf '    $ %s\n' "$*" | sed "s|$dir/||g"
    status=0
    out=$("$@" 2>&1 </dev/null) || status=$?
    [ -z "$out" ] || printf '%s\n' "$out" | shown | awk 'NR <= 16; END { if (NR > 16) print "    ... " NR - 16 " more lines" }'
}
has() { [[ $out == *"$1"* ]]; }
soon() { # SECONDS WHAT COMMAND...: polls until it succeeds; took is how long that was, in milliseconds
    local begun=${EPOCHREALTIME/[.,]/} limit=$1 what=$2
    shift 2
    until "$@"; do
        took=$(((${EPOCHREALTIME/[.,]/} - begun) / 1000))
        ((took < limit * 1000)) || { wrong "$what did not come within $limit s"; return 1; }
        sleep 0.01
    done
    took=$(((${EPOCHREALTIME/[.,]/} - begun) / 1000))
}
step() { # TITLE FUNCTION: runs it and makes a row of it
    local sent=0 failed=0 leaked=0 cut=0 closed=0 text=- beside=''
    number=$((number + 1)) did=$1 verdict=''
    printf '\n%d. %s\n' "$number" "$1"
    "$2"
    if [ -n "$load" ] && tell report; then
        read -r sent failed leaked cut closed text <<<"$reply"
        ((failed == 0)) || wrong "$failed requests: $text"
        ((leaked == 0)) || wrong "$leaked got in without the token"
        # A crash may take with it what each of the clients was waiting for, and no more.
        ((cut <= crashes * 7)) || wrong "$cut requests were cut off by $crashes crashes"
        ((cut + closed == 0)) || beside=" ($cut cut off by the crashes, $closed shut out)"
        crashes=0
    fi
    [ -z "$verdict" ] || bad=1
    rows+=("$number|$did|$sent|$failed|${verdict:-ok$beside}")
}
table() {
    local row
    printf '\n%-4s %-84s %7s %6s  %s\n' step 'what was done' sent failed verdict
    for row in "${rows[@]}"; do
        IFS='|' read -r a b c d e <<<"$row"
        printf '%-4s %-84s %7s %6s  %s\n' "$a" "$b" "$c" "$d" "$e"
    done
}

# ---- what the steps use

make_plugin() { # NAME VERSION [cc options]: made/NAME-VERSION.so
    cc -std=c11 -O1 "-DVERSION=$2" "$here/tour/$1.c" "${sdk[@]}" "${@:3}" -o "$dir/made/$1-$2.so" || wrong "cc has failed"
}
configure() { # TOKENS-AS-JSON [MORE MEMBERS]: the configuration file, whole at once
    cat >"$config.new" <<END
{
  "host": {"name": "tour", "loops": 2, "supervise": true, "drain_timeout": "10s", "plugin_dir": "$plugins",
           "state_dir": "$dir/state"},
  "load": ["api.so"],
  "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}},
  "filters": {"door": {"config": {"tokens": $1}}}${2-}
}
END
    mv "$config.new" "$config"
}
tell() { # WORD: to the clients; sets reply
    echo "$1" >&"$to_load" && read -t 60 -r reply <&"$from_load" || { wrong "the clients do not answer"; return 1; }
}
ask() { # [curl options]: the status of GET /
    curl -s -o /dev/null -w '%{http_code}' --max-time 10 "$@" "http://127.0.0.1:$port/"
}
token=(-H 'Authorization: Bearer tour')
gets() { [ "$(ask "${@:2}")" = "$1" ]; } # STATUS [curl options]
passes() { # FIELD VERSION: a request with the token passes that one now; 0 is none
    local seen
    seen=$(curl -si "${token[@]}" "http://127.0.0.1:$port/" | tr -d '\r' | sed -n "s/^$1: //Ip")
    [ "${seen:-0}" = "$2" ]
}
instance() { # an expression of Python behind what the instance says about itself in listeners.json
    python3 -c "import json, sys; print(json.load(open(sys.argv[1]))$1)" "$dir/runtime/instances/tour/listeners.json" 2>/dev/null
}
ready() { [ "$(curl -s -o /dev/null -w '%{http_code}' --unix-socket "$dir/runtime/instances/tour/control.sock" http://x/readyz)" = "$1" ]; }
lines() { grep -c -- "$1" "$log"; }
more_lines() { (($(lines "$1") > $2)); } # WORDS BEFORE
last_line() { grep -- "$1" "$log" | tail -1 | shown; }

# ---- the steps

# Before a file gets near production: `check` says whether it would be loaded and runs nothing of it; `check --trial` runs it in a
# process of its own. Each file that is refused has its own line with the reason, and the exit status is the gate of a build server.
step_check() {
    mkdir "$dir/bad"
    make_plugin mark 1
    local good=$dir/made/mark-1.so bad=$dir/bad name
    echo 'not a program' >"$bad/text.so"
    head -c 3000 "$good" >"$bad/half.so"
    cp "$good" "$bad/machine.so" && printf '\xb7\x00' | dd of="$bad/machine.so" bs=1 seek=18 conv=notrunc status=none
    [ "$(uname -m)" != aarch64 ] || printf '\x3e\x00' | dd of="$bad/machine.so" bs=1 seek=18 conv=notrunc status=none
    cc -shared -fPIC -x c - -o "$bad/entry.so" <<<'int f(void) { return 1; }'
    cp "$good" "$bad/writable.so" && chmod o+w "$bad/writable.so"
    for name in CRASHES_EARLY CRASHES HANGS REFUSES LEAVES MISSES_INTERFACE MISSES_FUNCTION; do
        make_plugin mark 1 "-D$name" -DID="$(tr A-Z_ a-z- <<<$name)" -Wl,-z,undefs
        mv "$dir/made/mark-1.so" "$bad/$(tr A-Z_ a-z- <<<$name).so"
    done
    make_plugin mark 1
    run microhost inspect "$good"
    expect 'inspect of a good file' has 'mark 1.0.0'
    run microhost check --trial --strict "$good"
    expect 'a good file was refused' [ "$status" = 0 ]
    note 'none of its code runs: what only shows when it runs is still ok'
    run microhost check "$bad"
    expect 'bad files were not refused' [ "$status" = 1 ]
    for name in text half machine entry writable misses-interface; do
        expect "$name.so was not refused" grep -q "^refused .*/$name.so: ." <<<"$out"
    done
    note 'with a trial nothing gets through; --limit is for the one that hangs'
    run microhost check --trial --limit 1000 "$bad"
    for name in "$bad"/*.so; do
        expect "not one line for $name" [ "$(grep -c "^refused .*$name: ." <<<"$out")" = 1 ]
    done
    expect 'something got through' [ "$(grep -vc '^refused' <<<"$out")" = 0 ]
    did="inspect, check, check --trial: 1 good file, $(find "$bad" -name '*.so' | wc -l) broken ones"
}

# A gateway with its access filter in the plugin directory. The filter is also named in the configuration: then the gateway does not
# start, or answers 503, when the file is not there or is broken; it never just goes on without.
step_start() {
    make_plugin door 1
    cp "$dir/made/door-1.so" "$plugins/door.so"
    configure '["tour"]'
    shown <"$config"
    printf '    $ microhost --config microhost.json\n'
    microhost --config "$config" >>"$log" 2>&1 </dev/null &
    host=$!
    soon 20 'the gateway' instance '["worker"]' >/dev/null || { last_line .; return; }
    port=$(instance '["listeners"]["edge"]["address"].rpartition(":")[2]')
    expect 'the token is not accepted' gets 200 "${token[@]}"
    expect 'somebody without a token gets in' gets 401
    coproc LOAD { exec python3 "$here/tour/load.py" "$port" tour; }
    load=$LOAD_PID
    exec {to_load}>&"${LOAD[1]}" {from_load}<&"${LOAD[0]}"
    tell strict
    did="the gateway starts ($took ms) with its access filter; 4 clients have the token, 3 do not"
}

# A new plugin comes by a file that is moved into the plugin directory. No restart, no command.
step_drop() {
    run mv "$dir/made/mark-1.so" "$plugins/mark.so"
    soon 10 'the new plugin' passes X-Mark 1 && did="a plugin is moved into the plugin directory: serves after $took ms"
    ((took < 1000)) || wrong "it took longer than a second"
    run microhost modules list
    expect 'it is not listed' has mark
}

# Any way to put the file there will do, also those that write into the old one: what runs is a copy. A version, once seen on a
# connection, is never followed by an older one there.
step_replace() {
    local version=1 way worst=0 refused
    refused=$(lines 'a plugin is refused')
    for way in 'cp over it' install 'a slow write' 'ln -sf' 'mv over the link'; do
        version=$((version + 1))
        make_plugin mark $version
        local new=$dir/made/mark-$version.so there=$plugins/mark.so
        case $way in
        cp*) run cp "$new" "$there" ;;
        install) run install -m 755 "$new" "$there" ;;
        a*) note 'half of it, a pause, the other half'; { head -c 6000; sleep 0.4; cat; } <"$new" >"$there" ;;
        ln*) run ln -sf "$new" "$there" ;;
        mv*) run mv "$new" "$there" ;;
        esac
        soon 10 "version $version by $way" passes X-Mark $version
        note "version $version serves after $took ms"
        ((took <= worst)) || worst=$took
    done
    expect 'a file was taken before it was whole' [ "$(lines 'a plugin is refused')" = "$refused" ]
    did="replaced by cp, install, a slow write, ln -sf, mv: serves after $worst ms or less"
}

# A broken file is one line in the log. What runs goes on, the instance stays ready, and the next good file is taken.
step_broken() {
    local name before
    for name in HANGS CRASHES_EARLY REFUSES MISSES_FUNCTION; do
        make_plugin mark 8 "-D$name" -Wl,-z,undefs
        mv "$dir/made/mark-8.so" "$dir/made/$name.so"
    done
    for name in bad/half bad/machine made/{HANGS,CRASHES_EARLY,REFUSES,MISSES_FUNCTION}; do
        before=$(lines 'a plugin is refused')
        run cp "$dir/$name.so" "$plugins/mark.so"
        soon 15 "a line about $name.so" more_lines 'a plugin is refused' "$before"
        last_line 'a plugin is refused'
        expect "$name.so changed what runs" passes X-Mark 6
        expect 'the instance is not ready any more' ready 200
    done
    expect 'a broken file had more than one line' [ "$(($(lines 'a plugin is refused') - before))" = 1 ]
    make_plugin mark 7
    run mv "$dir/made/mark-7.so" "$plugins/mark.so"
    soon 10 'a good file after the broken ones' passes X-Mark 7
    did='6 broken files over it: a line each, the old one goes on; then a good one'
}

# The access filter itself is replaced. There is no moment without one: strangers are refused all the time, and nobody with the token is.
step_swap() {
    local version
    for version in {2..21}; do
        make_plugin door "$version"
        mv "$dir/made/door-$version.so" "$plugins/door.so"
        out=$(microhost modules reload door 2>&1) || wrong "reload: $out"
        expect "version $version does not serve after its reload" passes X-Door "$version"
    done
    run microhost modules get door
    did='the access filter is replaced 20 times by microhost modules reload'
}

# The file of an access filter is deleted, by a mistake or not. What runs goes on, with a warning. A configuration that names it does not
# let an instance start without it; one that does not name it has nothing to miss after a restart, so name what guards.
step_delete() {
    local before
    before=$(lines 'is gone')
    run rm "$plugins/door.so"
    soon 10 'a warning' more_lines 'is gone' "$before"
    last_line 'is gone'
    expect 'the filter does not let its users in' gets 200 "${token[@]}"
    expect 'somebody without a token gets in' gets 401
    run microhost --config "$config" --check_config
    expect 'an instance would start without its access filter' [ "$status" != 0 ]
    make_plugin door 22
    mv "$dir/made/door-22.so" "$plugins/door.so"
    soon 10 'the file that is back' passes X-Door 22
    did="its file is deleted: a warning, it goes on; a new file serves after $took ms"
}

# The access filter crashes when a stranger sends it what it cannot take. Only what was in flight is lost, the next worker serves at
# once, and the line names the module. The third time the module is in quarantine: everybody is shut out, nobody gets in. Other bytes
# in its place end that.
step_crash() {
    local round before back=0
    tell crash
    make_plugin door 23 -DBUG
    run mv "$dir/made/door-23.so" "$plugins/door.so"
    soon 10 'the version with the bug' passes X-Door 23
    for round in 1 2 3; do
        before=$(lines 'microhost: crashed')
        run curl -sS -H 'X-Poison: 1' "http://127.0.0.1:$port/"
        crashes=$((crashes + 1))
        if ((round < 3)); then
            soon 10 'the next worker' gets 200 "${token[@]}"
            note "a request with the token is answered again $took ms after the crash"
            ((took <= back)) || back=$took
        else
            soon 20 'the quarantine' ready 503
        fi
        expect 'no line about the crash' more_lines 'microhost: crashed' "$before"
        last_line 'microhost: crashed'
        expect 'the line does not name the module' grep -q 'crashed: SIGSEGV.* module door 23.0.0, .*hook on_request' "$log"
    done
    expect 'a module in quarantine lets somebody in' gets 503
    expect 'a module in quarantine lets somebody in' gets 503 "${token[@]}"
    run curl -s --unix-socket "$dir/runtime/instances/tour/control.sock" 'http://localhost/readyz?verbose'
    expect 'readyz does not tell of the quarantine' has quarantine
    make_plugin door 24
    run mv "$dir/made/door-24.so" "$plugins/door.so"
    soon 15 'the end of the quarantine' passes X-Door 24
    note "the version without the bug serves after $took ms"
    tell strict
    expect 'the instance is not ready' ready 200
    did="it crashes 3 times: serves again after $back ms or less; quarantine; a mended file"
}

# SIGHUP reads the configuration again. Here tokens are rotated, without a connection that is closed. One that is wrong changes nothing.
step_sighup() {
    local before broken
    configure '["tour", "next"]'
    run microhost --config "$config" --check_config
    expect 'the new configuration is refused' [ "$status" = 0 ]
    expect 'the next token is accepted already' gets 401 -H 'Authorization: Bearer next'
    run kill -HUP "$host"
    soon 10 'the next token' gets 200 -H 'Authorization: Bearer next'
    note "accepted after $took ms"
    did="SIGHUP: a second token holds after $took ms; 3 broken files change nothing"
    cp "$config" "$dir/good.json"
    for broken in 's/}$/]/' 's/"tokens"/"tokns"/' 's/"api.so"/"api.so", "absent.so"/'; do
        sed "$broken" "$dir/good.json" >"$config.new"
        mv "$config.new" "$config"
        before=$(lines 'the configuration in use stays')
        run kill -HUP "$host"
        soon 10 'a line about the broken configuration' more_lines 'the configuration in use stays' "$before"
        last_line 'the configuration in use stays'
        expect 'the broken configuration changed what runs' gets 200 -H 'Authorization: Bearer next'
        expect 'the instance is not ready any more' ready 200
    done
    mv "$dir/good.json" "$config"
    before=$(lines 'reloaded configuration')
    run kill -HUP "$host"
    soon 10 'the good configuration' more_lines 'reloaded configuration' "$before"
}

# What an operator asks: which filters does such a request pass, what does this file do with it, what is wrong with this machine, what
# runs. A filter that guards is not unloaded just so.
step_look() {
    run microhost explain GET /orders
    expect 'explain does not name the access filter' has door
    run microhost try "$plugins/door.so" --config '{"tokens": ["a"]}' -H 'Authorization: Bearer b' /orders
    expect 'try does not show the refusal' has 401
    run microhost --config "$config" doctor
    expect 'doctor has found a problem' [ "$status" = 0 ]
    run microhost modules list
    expect 'the list has not both' grep -q '^door .*running' <<<"$out"
    run microhost modules get mark
    expect 'modules get' [ "$status" = 0 ]
    run microhost modules unload door
    expect 'the access filter was unloaded' [ "$status" = 1 ]
    run microhost modules unload mark
    expect 'modules unload' [ "$status" = 0 ]
    soon 5 'the end of mark' passes X-Mark 0
    run microhost modules load "$plugins/mark.so"
    soon 5 'mark' passes X-Mark 7
    did='explain, try, doctor, modules list, get, unload, load; a guard is not unloaded'
}

# A plugin of one's own begins with `microhost new`: it builds and passes its own test as it is.
step_new() {
    local language built='' skipped=''
    for language in c cpp rust; do
        case $language in
        cpp) command -v c++ >/dev/null || skipped+=" $language (no c++)" ;;
        rust) cargo version >/dev/null 2>&1 || skipped+=" $language (no cargo that runs)" ;;
        esac
        [[ $skipped != *" $language "* ]] || continue
        run microhost new plugin "com.acme.$language" --lang "$language" --dir "$dir/new-$language"
        run make -s -C "$dir/new-$language" check
        expect "the new plugin in $language does not pass its test" [ "$status" = 0 ]
        run microhost check --trial "$dir/new-$language/com.acme.$language.so"
        expect "the new plugin in $language is refused" [ "$status" = 0 ]
        built+=" $language"
    done
    did="microhost new plugin, make check:$built${skipped:+; skipped:$skipped}"
}

# The worker is replaced by what is on disk: program, modules, configuration. The sockets stay, the old worker ends what it has. One
# that cannot start changes nothing.
step_upgrade() {
    local old new
    for _ in 1 2; do
        old=$(instance '["worker"]')
        run microhost upgrade
        expect 'the upgrade has failed' [ "$status" = 0 ]
        new=$(instance '["worker"]')
        expect 'it is the same worker' [ "$old" != "$new" ]
        soon 15 'the end of the old worker' eval "! kill -0 $old 2>/dev/null"
    done
    mv "$plugins/door.so" "$dir/made/"
    run microhost upgrade
    expect 'a worker without its access filter has started' [ "$status" = 1 ]
    expect 'the old worker is gone' [ "$(instance '["worker"]')" = "$new" ]
    mv "$dir/made/door.so" "$plugins/"
    did='microhost upgrade twice; one that cannot start leaves the old worker'
}

# SIGTERM: what was begun is ended, and the exit status is 0.
step_stop() {
    kill "$load" && load=''
    run kill -TERM "$host"
    status=0
    wait "$host" || status=$?
    host=''
    expect "exit status $status" [ "$status" = 0 ]
    did="the clients leave; SIGTERM: exit status $status"
}

crashes=0 reply='' port=0 to_load='' from_load=''
microhost --version
step 'A file before it is loaded' step_check
step 'The gateway, and its clients' step_start
if [ -n "$load" ]; then
    step 'A plugin comes' step_drop
    step 'It is replaced, in every way there is' step_replace
    step 'A broken file' step_broken
    step 'The access filter is swapped under load' step_swap
    step 'Its file is deleted' step_delete
    step 'It crashes' step_crash
    step 'The configuration changes' step_sighup
    step 'Looking inside' step_look
    step 'A new plugin' step_new
    step 'An upgrade' step_upgrade
    step 'The end' step_stop
fi
table
if ((bad)); then
    printf '\nthe log of the gateway:\n'
    tail -40 "$log" | shown
fi
exit "$bad"
