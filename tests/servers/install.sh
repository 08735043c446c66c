# shellcheck shell=bash
# What the tests need besides Rust: found where it is, else installed; see install_all.

mastodon_mock_version=0.6.1
playwright_version=1.65.1
aiosmtpd_version=1.4.6

# $cache is set by tests/run. A folder with a file `ready` in it is complete.
mastodon_mock_folder=$cache/mastodon-mock-$mastodon_mock_version
mastodon_mock=$mastodon_mock_folder/bin/mastodon_mock
playwright=$cache/playwright-core-$playwright_version
aiosmtpd_folder=$cache/aiosmtpd-$aiosmtpd_version

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
    if [[ ${#missing[@]} -gt 0 ]]; then
        install_packages "${missing[@]}" || return 1
    fi
    install_mastodon_mock || return 1
    install_playwright || return 1
    install_aiosmtpd || return 1
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

# Prints the path of a Chromium.
find_chromium() {
    local name
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" && return
    done
    return 1
}
