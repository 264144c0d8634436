#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Two environments on one machine, driven from one terminal: commands of this machine, and the same against another environment through
# TLS and a token. At the end there is a table. Exit status 0: every step went as its comment says, and each command printed the same
# there and from here.
#
# usage: examples/tour-environments.sh [PREFIX]
#
# PREFIX is where microhost is installed; else $MICROHOST_PREFIX, or the microhost on the PATH. It needs openssl, curl and python3, takes
# a few seconds, and touches nothing outside a temporary folder. The remote environment listens on 127.0.0.2.
set -u -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
die() { echo "tour-environments: $*" >&2; exit 2; }

prefix=${1-${MICROHOST_PREFIX-$(dirname "$(dirname "$(command -v microhost)")")}}
[ -x "$prefix/bin/microhost" ] || die "$prefix/bin/microhost: no such program"
for program in curl openssl python3; do command -v "$program" >/dev/null || die "$program is missing"; done
PATH=$(cd "$prefix/bin" && pwd):$PATH

unset "${!MICRO_@}" "${!MICROHOST_@}" # what is set for another instance is not meant for this one
dir=$(mktemp -d "${TMPDIR:-/tmp}/microhost-environments-XXXXXX")
export MICROHOST_RUNTIME_DIR=$dir/near XDG_CONFIG_HOME=$dir/config XDG_STATE_HOME=$dir/state
mkdir -m 700 "$dir/near" "$dir/far" "$dir/config" "$dir/state"
near=$dir/near far=$dir/far
started=()
leave() {
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; done
    rm -rf "$dir"
}
trap leave EXIT
trap 'exit 130' INT TERM

rows=() bad=0
step() { # TITLE COMMAND...: a row of the table
    local verdict=ok
    "${@:2}" || { verdict=WRONG; bad=1; }
    rows+=("$verdict  $1")
    printf '%-6s %s\n' "$verdict" "$1"
}
say() { printf '       %s\n' "$*"; }
soon() { # COMMAND...: polls for five seconds
    for _ in {1..250}; do "$@" && return 0; sleep 0.02; done
    say "did not come true: $*"
    return 1
}

# ---- certificates: an authority of our own, one that is good, one that is over

sign() { # NAME DAYS
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1"
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days "$2" -extfile names -out "$1.pem"
}
certificates() (
    cd "$dir" || return 1
    echo 'subjectAltName=IP:127.0.0.2' >names
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca
    sign good 2 && sign over -1
) 2>/dev/null

# ---- the two environments

serve() { # FOLDER NAME [flags]: starts one and waits until it is ready
    MICROHOST_RUNTIME_DIR=$1 microhost --load proxy.so --load cli.so --load broker-http.so --load greeter.so --name "$2" --state_dir "$1/state" \
        "${@:3}" >"$dir/$2.log" 2>&1 &
    started+=("$!")
    soon test -e "$1/instances/$2/listeners.json"
}
address() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["listeners"]["proxy"]["address"])' "$1"; }
start_near() { serve "$near" near --proxy_address 127.0.0.1:0; }
start_far() { # CERTIFICATE NAME
    serve "$far" "$2" --proxy_address 127.0.0.2:0 --proxy_enable_tls --proxy_tls_cert_file "$dir/$1.pem" \
        --proxy_tls_key_file "$dir/$1.key" --rpc_address 127.0.0.1:0 --proxy_token_file "$dir/tokens" --proxy_local_role=
}
python_service() { # FOLDER INSTANCE: a service in Python at each proxy, over plain HTTP or TLS
    python3 "$here/sidecar-python/full.py" go.micro.srv.python greetings "http://$(address "$1/instances/$2/listeners.json")" >"$dir/heard" 2>&1 &
    service=$!
    started+=("$service")
    soon grep -qs registered "$dir/heard"
}

# ---- what the steps do

remote() { microhost --remote "https://$(address "$far/instances/far/listeners.json")" --remote_ca "$dir/ca.pem" --remote_token_file "$dir/token" "$@"; }

same() { # COMMAND...: prints the same in the far environment itself and from here, and ends alike
    local a b
    MICROHOST_RUNTIME_DIR=$far microhost "$@" >"$dir/a" 2>"$dir/a.err"
    a=$?
    remote "$@" >"$dir/b" 2>"$dir/b.err"
    b=$?
    cmp -s "$dir/a" "$dir/b" && [ $a = $b ] && return 0
    say "$*: status $a near, $b far"
    diff "$dir/a" "$dir/b" | head -5
    head -3 "$dir/a.err" "$dir/b.err"
    return 1
}
refused() { # WORD COMMAND...: not done, one line with that word on standard error, nothing on standard output
    local status
    "${@:2}" >"$dir/out" 2>"$dir/err"
    status=$?
    [ $status != 0 ] && [ ! -s "$dir/out" ] && [ "$(wc -l <"$dir/err")" = 1 ] && grep -q -- "$1" "$dir/err" && return 0
    say "status $status; $(cat "$dir/out" "$dir/err")"
    return 1
}

every_verb() {
    local ok=0
    same list services || ok=1
    same list endpoints greeter || ok=1
    same list services --output json || ok=1
    same get service nobody || ok=1
    same call greeter Say.Hello name=John || ok=1
    same call greeter Say.Hello '{"name": "John"}' --output json || ok=1
    same call greeter Say.Hello '{}' || ok=1
    same health greeter || ok=1
    same stats nobody || ok=1
    same lisst services || ok=1
    return $ok
}
from_a_file() {
    echo '{"name": "File"}' >"$dir/request.json"
    same call greeter Say.Hello "@$dir/request.json" && same call greeter Say.Hello "@$dir/none.json"
}
register_far() {
    local service='{"name": "shop", "version": "1", "nodes": [{"id": "shop-1", "address": "127.0.0.1:9"}]}'
    [ "$(remote register service "$service")" = ok ] && remote list services | grep -qx shop &&
        ! microhost list services | grep -qx shop && grep -q '"command":"register service".*"by":"terminal"' "$dir/far.log" && [ "$(remote deregister service "$service")" = ok ]
}
viewer_cannot() { refused role microhost --remote "https://$(address "$far/instances/far/listeners.json")" --remote_ca "$dir/ca.pem" \
    --remote_token_file "$dir/viewer" register service '{"name": "x", "nodes": [{"id": "x-1", "address": "127.0.0.1:9"}]}'; }
wrong_token() { refused token microhost --remote "https://$(address "$far/instances/far/listeners.json")" --remote_ca "$dir/ca.pem" --remote_token_file "$dir/wrong" list services; }
unknown_authority() { refused certificate microhost --remote "https://$(address "$far/instances/far/listeners.json")" --remote_token_file "$dir/token" list services; }
certificate_over() {
    start_far over over && refused expired microhost --remote "https://$(address "$far/instances/over/listeners.json")" --remote_ca "$dir/ca.pem" \
        --remote_token_file "$dir/token" list services
}
named() {
    microhost env add prod "https://$(address "$far/instances/far/listeners.json")" --remote_ca "$dir/ca.pem" --token_file "$dir/token" >/dev/null &&
        microhost env use prod >/dev/null && [ "$(microhost call greeter Say.Hello name=Prod --output raw 2>/dev/null)" = '{"msg":"Hello Prod"}' ] &&
        microhost env use local >/dev/null
}
python_is_called() {
    [ "$(microhost call python Say.Hello name=Ann --output raw 2>/dev/null)" = '{"msg": "Hello Ann"}' ] &&
        [ "$(microhost stream python Say.Stream name=Ann --output raw 2>/dev/null | wc -l)" = 3 ] &&
        curl -sf -d 'good morning' "http://$(address "$near/instances/near/listeners.json")/broker?topic=greetings" && soon grep -q 'heard good morning' "$dir/heard"
}
killed_is_gone() {
    kill -9 "$service" && wait "$service" 2>/dev/null
    sleep 1.2
    ! microhost list services | grep -q python
}
proxy_killed() {
    local url
    url=https://$(address "$far/instances/far/listeners.json")
    kill -9 "$far_pid" && wait "$far_pid" 2>/dev/null
    refused "$(echo "$url" | sed 's|https://||')" microhost --remote "$url" --remote_ca "$dir/ca.pem" --remote_token_file "$dir/token" list services
}

# ---- the tour

microhost token new --role operator --name terminal >"$dir/new" 2>/dev/null || die 'microhost token new has failed'
word=$(grep -o '[A-Za-z0-9_-]\{20,\}' "$dir/new" | head -1)
printf '%s terminal operator\n%s reader viewer\n' "$word" "view-$word" >"$dir/tokens"
echo "$word" >"$dir/token" && echo "view-$word" >"$dir/viewer" && echo nobody-knows-this >"$dir/wrong"
chmod 600 "$dir/tokens" "$dir/token" "$dir/viewer" "$dir/wrong"

step 'certificates of an authority of our own' certificates
step 'the near environment starts' start_near
step 'the far one starts, with TLS and tokens, on 127.0.0.2' start_far good far
far_pid=${started[-1]}
step 'a service in Python registers over HTTP' python_service "$near" near
step 'it is called, streamed and published to' python_is_called
step 'killed with -9, it is gone from the list within a second' killed_is_gone
step 'every verb prints the same there and from here' every_verb
step 'a file is read here, not there' from_a_file
step 'what is registered there is there alone, and audited' register_far
step 'a viewer may not register' viewer_cannot
step 'a named environment' named
step 'a wrong token is one line' wrong_token
step 'an unknown authority is one line' unknown_authority
step 'an expired certificate is one line' certificate_over
step 'a killed proxy is one line' proxy_killed

printf '\n'
printf '%s\n' "${rows[@]}"
if ((bad)); then tail -n 5 "$dir"/*.log; fi
exit "$bad"
