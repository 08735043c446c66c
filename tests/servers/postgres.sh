# shellcheck shell=bash
# A PostgreSQL cluster of the tests' own: in a folder given by them, on 127.0.0.1 and a high port,
# with fsync on as in production, and gone afterwards.

postgres_url=
postgres_folder=
postgres_as=()

# Prints the folder of PostgreSQL's programs: the newest installed one.
postgres_bin() {
    local found
    found=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
    if [[ ! -x $found ]]; then
        found=$(command -v initdb) || return 1
    fi
    dirname "$(readlink -f "$found")"
}

# postgres_start FOLDER: makes and starts a cluster there and sets postgres_url.
postgres_start() {
    local folder=$1 bin port try
    bin=$(postgres_bin) || { echo "PostgreSQL's initdb is not installed"; return 1; }
    mkdir -p "$folder" || return 1
    if [[ $(id -u) -eq 0 ]]; then
        # PostgreSQL refuses to run as root.
        id postgres >/dev/null || { echo "there is no user postgres to run it as"; return 1; }
        chown postgres "$folder" || return 1
        postgres_as=(runuser -u postgres --)
    fi
    postgres_run "$bin/initdb" --pgdata "$folder/data" --auth trust --username ascolto \
        --encoding UTF8 --locale C >"$folder.log" 2>&1 || { cat "$folder.log"; return 1; }
    # The port may be taken by others: five tries, below the range the system gives out itself.
    for try in 1 2 3 4 5; do
        port=$((20000 + RANDOM % 10000))
        if postgres_run "$bin/pg_ctl" --pgdata "$folder/data" --log "$folder/server.log" \
            --wait --timeout 60 --silent start \
            --options "-p $port -k $folder -c listen_addresses=127.0.0.1 -c max_connections=200"; then
            postgres_folder=$folder
            postgres_url=postgres://ascolto@127.0.0.1:$port/postgres
            return
        fi
    done
    echo "PostgreSQL did not start in $try tries; its log ends with:"
    tail -n 20 "$folder/server.log"
    return 1
}

# Stops the cluster at once: nothing in it is worth a checkpoint.
postgres_stop() {
    [[ -n $postgres_folder ]] || return 0
    postgres_run "$(postgres_bin)/pg_ctl" --pgdata "$postgres_folder/data" \
        --mode immediate --wait --silent stop
    rm -rf "$postgres_folder"
    postgres_folder=
}

# Without the lock of tests/run (9), which must not outlive it.
postgres_run() {
    (cd / && exec "${postgres_as[@]+"${postgres_as[@]}"}" "$@" 9>&-)
}
