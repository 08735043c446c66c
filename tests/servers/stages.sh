# shellcheck shell=bash
# The stages of tests/run: each is timed, none hides the failure of another, a table ends the run.

stage_rows=()
stage_failed=()

# stage NAME COMMAND …: runs it, and notes how long it took and how it ended.
stage() {
    local name=$1 began=$SECONDS result=passed
    shift
    printf '\n== %s\n' "$name"
    # In a condition `set -e` is off: every function called here returns its own failures.
    if ! "$@" 2>&1; then
        result=failed
        stage_failed+=("$name")
    fi
    stage_rows+=("$(stage_row "$name" "$(minutes $((SECONDS - began)))" "$result")")
}

# skip NAME: what cannot be run after an earlier failure counts as failed.
skip() {
    stage_failed+=("$1")
    stage_rows+=("$(stage_row "$1" - "not run")")
}

passed() {
    local name
    for name in "${stage_failed[@]+"${stage_failed[@]}"}"; do
        [[ $name != "$1" ]] || return 1
    done
}

# Seconds as minutes with one decimal.
minutes() {
    printf '%d.%d' $(($1 / 60)) $(($1 % 60 / 6))
}

stage_row() {
    printf '%-10s %8s  %s' "$@"
}

# Prints the table and ends with 1 if any stage failed.
report() {
    printf '\n'
    stage_row stage minutes result
    printf '\n'
    printf '%s\n' "${stage_rows[@]}"
    stage_row all "$(minutes "$SECONDS")" ""
    printf '\n'
    if [[ ${#stage_failed[@]} -gt 0 ]]; then
        printf 'failed: %s\n' "$(IFS=,; echo "${stage_failed[*]}")"
        exit 1
    fi
}

# Waits for the installations, starts the servers and tells the tests where everything is.
servers_start() {
    if ! wait "$installing"; then
        cat "$scratch/install.log"
        return 1
    fi
    installing=
    cat "$scratch/install.log"
    mkdir -p "$scratch/logs" || return 1
    # The slow ones first: they get ready while the others start and other tests run.
    simulators_start "$scratch/logs" || return 1
    rooms_start "$scratch/rooms" "$scratch/logs" || return 1
    postgres_start "$scratch/postgres" || return 1
    bluesky_start "$scratch/bluesky" "$scratch/logs" || return 1
    mail_start "$scratch/mail" || return 1
    export ASCOLTO_TEST_POSTGRES=$postgres_url
    export ASCOLTO_TEST_IMAP=$mail_imap
    export ASCOLTO_TEST_SMTP=$mail_smtp
    export ASCOLTO_TEST_MAIL_PASSWORD=$mail_password
    export ASCOLTO_TEST_MASTODON_MOCK=$mastodon_mock
    export ASCOLTO_TEST_TELEGRAM=$telegram_url
    export ASCOLTO_TEST_MATRIX=$matrix_url
    export ASCOLTO_TEST_APPRISE=$apprise_url
    export ASCOLTO_TEST_BLUESKY=$bluesky_url
    export ASCOLTO_TEST_LOGS=$scratch/logs
    if [[ -n $prism_url ]]; then
        export ASCOLTO_TEST_X_DOCUMENT=$prism_url
    fi
    ASCOLTO_TEST_CHROMIUM=$(find_chromium) || return 1
    export ASCOLTO_TEST_CHROMIUM
    export ASCOLTO_TEST_PLAYWRIGHT=$playwright/node_modules
    if [[ -d ../shared/data ]]; then
        ASCOLTO_TEST_SHARED=$(cd ../shared/data && pwd)
        export ASCOLTO_TEST_SHARED
    else
        echo "../shared/data is absent: tests that measure on its texts say so and measure nothing"
    fi
    if $campaign; then
        export ASCOLTO_CAMPAIGN=1
    fi
    env | grep -E '^ASCOLTO_(TEST_|CAMPAIGN)' | sort
}

# Unit and integration tests, by cargo-nextest where it is installed.
run_tests() {
    local profile=default
    if $campaign; then
        profile=campaign
    fi
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --locked --no-fail-fast --config-file tests/nextest.toml \
            --profile "$profile" "${filters[@]+"${filters[@]}"}"
    elif [[ ${#filters[@]} -gt 0 ]]; then
        cargo test --locked --no-fail-fast --bins --lib --tests -- --nocapture "${filters[@]}"
    elif $campaign; then
        cargo test --locked --no-fail-fast --bins --lib --tests -- --nocapture
    else
        cargo test --locked --no-fail-fast --bins --lib --tests
    fi
}
