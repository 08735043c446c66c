# shellcheck shell=bash
# A Bluesky network of the tests' own: Bluesky's servers in one process, with Redis beside them and
# a database in the tests' PostgreSQL, all on 127.0.0.1 and high ports.

# Read by tests/servers/stages.sh.
# shellcheck disable=SC2034
bluesky_url=
bluesky_processes=()

# bluesky_start FOLDER LOGS: starts it; who asks it waits until it is ready, some ten seconds later.
bluesky_start() {
    local folder=$1 logs=$2 redis ports=() n
    mkdir -p "$folder" || return 1
    postgres_run "$(postgres_bin)/createdb" --maintenance-db "$postgres_url" bluesky || return 1
    redis=$(free_port) || return 1
    redis-server --bind 127.0.0.1 --port "$redis" --dir "$folder" --save '' --appendonly no \
        >"$logs/redis.log" 2>&1 9>&- &
    bluesky_processes+=($!)
    for n in 1 2 3; do
        ports[n]=$(free_port) || return 1
    done
    # Their data, and what they log of every request, is of no use to anybody.
    DB_POSTGRES_URL=${postgres_url%/*}/bluesky DB_POSTGRES_SCHEMA=tests \
        REDIS_HOST=127.0.0.1:$redis TMPDIR=$folder LOG_ENABLED=false \
        "$node" tests/servers/bluesky.mjs "$bluesky_folder/node_modules" \
        "${ports[@]}" >"$logs/bluesky.log" 2>&1 9>&- &
    bluesky_processes+=($!)
    bluesky_url=http://127.0.0.1:${ports[3]}
}

bluesky_stop() {
    local process
    for process in "${bluesky_processes[@]+"${bluesky_processes[@]}"}"; do
        # It holds nothing that is worth an orderly end.
        kill -KILL "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    bluesky_processes=()
}
