# shellcheck shell=bash
# Where alerts go in the tests: a Matrix homeserver (Synapse), and Apprise behind its API. On 127.0.0.1
# and high ports.

# Read by tests/servers/stages.sh.
# shellcheck disable=SC2034
matrix_url=
apprise_url=
room_processes=()

# rooms_start FOLDER LOGS: starts what is installed; who asks them waits until they answer.
rooms_start() {
    local folder=$1 logs=$2 port python=$synapse_folder/bin/python
    mkdir -p "$folder" || return 1
    port=$(free_port) || return 1
    matrix_configuration "$folder" "$port" >"$folder/homeserver.yaml" || return 1
    matrix_logging >"$folder/log.yaml" || return 1
    "$python" -m synapse.app.homeserver --config-path "$folder/homeserver.yaml" --generate-keys \
        >"$logs/matrix.log" 2>&1 || { tail -n 20 "$logs/matrix.log"; return 1; }
    "$python" -m synapse.app.homeserver --config-path "$folder/homeserver.yaml" \
        >>"$logs/matrix.log" 2>&1 9>&- &
    room_processes+=($!)
    matrix_url=http://127.0.0.1:$port
    port=$(free_port) || return 1
    "$apprise_folder/bin/python" tests/servers/apprise_api.py "$port" >"$logs/apprise.log" 2>&1 9>&- &
    room_processes+=($!)
    apprise_url=http://127.0.0.1:$port
}

rooms_stop() {
    local process
    for process in "${room_processes[@]+"${room_processes[@]}"}"; do
        kill "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    room_processes=()
}

# matrix_configuration FOLDER PORT: prints Synapse's configuration. Limits are those of production but
# for new accounts, which every test makes for itself.
matrix_configuration() {
    cat <<CONFIGURATION
server_name: "rooms.test"
public_baseurl: "http://127.0.0.1:$2/"
listeners:
  - port: $2
    tls: false
    type: http
    bind_addresses: ["127.0.0.1"]
    resources: [{names: [client], compress: false}]
database: {name: sqlite3, args: {database: "$1/homeserver.db"}}
log_config: "$1/log.yaml"
media_store_path: "$1/media"
pid_file: "$1/homeserver.pid"
signing_key_path: "$1/signing.key"
enable_registration: true
enable_registration_without_verification: true
macaroon_secret_key: "for-tests-alone"
form_secret: "for-tests-alone"
report_stats: false
trusted_key_servers: []
suppress_key_server_warning: true
federation_domain_whitelist: []
rc_registration: {per_second: 1000, burst_count: 1000}
rc_login:
  address: {per_second: 1000, burst_count: 1000}
  account: {per_second: 1000, burst_count: 1000}
CONFIGURATION
}

matrix_logging() {
    cat <<'LOGGING'
version: 1
handlers: {console: {class: logging.StreamHandler}}
root: {level: WARNING, handlers: [console]}
disable_existing_loggers: false
LOGGING
}
