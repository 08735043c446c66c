#!/bin/sh
# Installs a release of Ascolto as a systemd service, or takes it away again; see --help.
set -eu

usage() {
    cat <<'USAGE'
usage: install.sh [--sha256 SUM] FILE
       install.sh --uninstall

Installs FILE, an `ascolto` binary or a .tar.gz with one in it, as a systemd service:
  /usr/local/bin/ascolto                the binary
  /etc/systemd/system/ascolto.service   the unit
  /etc/ascolto/                         the configuration, readable by the service only
  /var/lib/ascolto/                     the database, made by systemd
and the user `ascolto`, which runs it. Run it again with a newer FILE to upgrade: the configuration
and the database stay, a running service is restarted.

  --sha256 SUM   the checksum that FILE must have; without it FILE.sha256 is read
  --uninstall    stops and removes the service and the binary; configuration, database and user stay
  --help         this

DESTDIR=FOLDER in the environment puts the files below FOLDER and touches nothing else.
USAGE
}

die() {
    echo "install.sh: $1" >&2
    exit "${2:-1}"
}

destdir=${DESTDIR:-}
binary=$destdir/usr/local/bin/ascolto
unit=$destdir/etc/systemd/system/ascolto.service
config=$destdir/etc/ascolto
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
work=
trap '[ -z "$work" ] || rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# Whether this is the machine that the service will run on, not a folder to be packed.
live() {
    [ -z "$destdir" ]
}

need_root() {
    if live && [ "$(id -u)" -ne 0 ]; then
        die "only root may do this; run it by sudo"
    fi
}

uninstall() {
    need_root
    if live && [ -f "$unit" ]; then
        systemctl disable --now ascolto.service
    fi
    rm -f "$unit" "$binary"
    if live; then
        systemctl daemon-reload
    fi
    echo "Ascolto is removed. What it knows is still there: /etc/ascolto and /var/lib/ascolto."
    echo "To remove that too: rm -r /etc/ascolto /var/lib/ascolto; userdel ascolto"
}

# check FILE SUM: refuses a file that is not the one that was released.
check() {
    wanted=$2
    if [ -z "$wanted" ]; then
        [ -f "$1.sha256" ] || die "no checksum: give --sha256 SUM, or put $1.sha256 beside the file"
        read -r wanted _ <"$1.sha256" || [ -n "$wanted" ] || die "$1.sha256 is empty"
    fi
    found=$(sha256sum "$1")
    found=${found%% *}
    wanted=$(printf '%s' "$wanted" | tr 'A-F' 'a-f')
    [ "$found" = "$wanted" ] || die "$1 has the checksum $found, not $wanted: do not use it"
}

# unpack FILE: prints the path of the binary in it.
unpack() {
    case $1 in
        *.tar.gz | *.tgz)
            tar -xzf "$1" -C "$work" --no-same-owner || die "$1 cannot be unpacked"
            found=$(find "$work" -type f -name ascolto)
            [ -n "$found" ] || die "there is no file named ascolto in $1"
            [ "$(printf '%s\n' "$found" | wc -l)" -eq 1 ] || die "$1 holds more than one ascolto"
            ;;
        *)
            found=$work/ascolto
            cp "$1" "$found"
            ;;
    esac
    chmod 0755 "$found"
    printf '%s\n' "$found"
}

install_release() {
    file=$1
    need_root
    [ -f "$file" ] || die "$file is not there" 2
    [ -f "$here/ascolto.service" ] || die "ascolto.service is not beside this script"
    if live && ! command -v systemctl >/dev/null; then
        die "there is no systemd here; see deploy/README.md for other ways"
    fi
    work=$(mktemp -d)
    check "$file" "$sum"
    new=$(unpack "$file")
    version=$("$new" --version) || die "$file does not run on this machine"

    if live && ! id ascolto >/dev/null 2>&1; then
        useradd --system --user-group --no-create-home --home-dir /var/lib/ascolto \
            --shell /usr/sbin/nologin ascolto
    fi
    mkdir -p "$(dirname "$binary")" "$(dirname "$unit")" "$config"
    chmod 0750 "$config"
    if live; then
        chown root:ascolto "$config"
    fi
    # Beside it first, then over it: a running service keeps the file that it began with.
    install -m 0755 "$new" "$binary.new"
    mv -f "$binary.new" "$binary"
    install -m 0644 "$here/ascolto.service" "$unit"
    echo "$version is installed."
    if live; then
        systemctl daemon-reload
        systemctl try-restart ascolto.service
    fi
    if [ ! -e "$config/ascolto.toml" ]; then
        echo "Next: write /etc/ascolto/ascolto.toml (root:ascolto, mode 0640), try it by"
        echo "  sudo -u ascolto ascolto --config /etc/ascolto/ascolto.toml check"
        echo "and start by  systemctl enable --now ascolto"
    fi
}

sum=
file=
action=install_release
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage; exit 0 ;;
        --uninstall) action=uninstall ;;
        --sha256)
            [ $# -ge 2 ] || die "--sha256 needs the checksum after it" 2
            sum=$2
            shift
            ;;
        -*) die "$1 is not known; see --help" 2 ;;
        *)
            [ -z "$file" ] || die "one file only, not $file and $1" 2
            file=$1
            ;;
    esac
    shift
done

if [ "$action" = uninstall ]; then
    [ -z "$file" ] || die "--uninstall takes no file" 2
    uninstall
else
    [ -n "$file" ] || { usage >&2; exit 2; }
    install_release "$file"
fi
