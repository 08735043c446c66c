# shellcheck shell=bash
# Servers of the tests' own that play others: the Telegram Bot API simulator, and prism, which judges
# requests by X's OpenAPI document. On 127.0.0.1 and high ports.

# Read by tests/servers/stages.sh.
# shellcheck disable=SC2034
telegram_url=
prism_url=
simulator_processes=()

# Prints a port that nobody listens on, below the range that the system gives out itself.
free_port() {
    local try port
    for try in {1..50}; do
        port=$((20000 + RANDOM % 10000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            printf '%s\n' "$port"
            return
        fi
    done
    echo "no free port was found in $try tries" >&2
    return 1
}

# simulators_start LOGS: starts what is installed; who asks them waits until they answer.
simulators_start() {
    local logs=$1 port
    port=$(free_port) || return 1
    "$node" tests/servers/telegram.cjs "$telegram_folder/node_modules" "$port" \
        >"$logs/telegram.log" 2>&1 9>&- &
    simulator_processes+=($!)
    telegram_url=http://127.0.0.1:$port
    if [[ ! -f $x_document ]]; then
        echo "$x_document is absent: requests to X are not judged by X's own document"
        return
    fi
    port=$(free_port) || return 1
    # Reading the document takes 10 to 60 seconds; other tests run meanwhile.
    "$node" "$prism" mock --host 127.0.0.1 --port "$port" --verboseLevel warn \
        "$x_document" >"$logs/prism.log" 2>&1 9>&- &
    simulator_processes+=($!)
    prism_url=http://127.0.0.1:$port
}

simulators_stop() {
    local process
    for process in "${simulator_processes[@]+"${simulator_processes[@]}"}"; do
        kill "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    simulator_processes=()
}
