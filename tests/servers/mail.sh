# shellcheck shell=bash
# A mail server of the tests' own: Dovecot for IMAP and local delivery, aiosmtpd for submission,
# on 127.0.0.1 and high ports, without TLS. Every user exists, each with the password below.

# Read by tests/servers/stages.sh.
# shellcheck disable=SC2034
mail_password=pw-of-all
mail_imap=
mail_smtp=
mail_folder=
mail_submission=

# Prints Dovecot's program; it is no program for users and may stand outside of the path.
dovecot_program() {
    local found
    found=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v dovecot) || return 1
    [[ -d /usr/lib/dovecot/modules || -e /usr/libexec/dovecot/imap || -e /usr/lib/dovecot/imap ]] ||
        return 1
    printf '%s\n' "$found"
}

# mail_start FOLDER: starts both servers there and sets mail_imap and mail_smtp.
mail_start() {
    local folder=$1 try imap lmtp smtp
    mkdir -p "$folder/mail" || return 1
    for try in 1 2 3 4 5; do
        # Below the range that the system gives out itself.
        imap=$((20000 + RANDOM % 10000))
        lmtp=$((20000 + RANDOM % 10000))
        smtp=$((20000 + RANDOM % 10000))
        mail_configuration "$folder" "$imap" "$lmtp" >"$folder/dovecot.conf" || return 1
        if ! "$(dovecot_program)" -c "$folder/dovecot.conf" 9>&- >"$folder/start.log" 2>&1; then
            continue
        fi
        mail_folder=$folder
        "$aiosmtpd_folder/bin/python" tests/servers/submission.py \
            "$smtp" "$lmtp" "$mail_password" >"$folder/smtp.log" 2>&1 9>&- &
        mail_submission=$!
        if mail_answers "$smtp" && mail_answers "$imap"; then
            mail_imap=127.0.0.1:$imap
            mail_smtp=127.0.0.1:$smtp
            return
        fi
        mail_stop
    done
    echo "the mail server did not start in $try tries; its logs end with:"
    tail -n 20 "$folder/start.log" "$folder/dovecot.log" "$folder/smtp.log" 2>/dev/null
    return 1
}

# mail_answers PORT: waits until somebody listens there.
mail_answers() {
    local try
    for try in {1..100}; do
        if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then
            return
        fi
        sleep 0.1
    done
    echo "nobody listens on port $1 after $try looks"
    return 1
}

mail_stop() {
    if [[ -n $mail_submission ]]; then
        kill "$mail_submission" 2>/dev/null || true
        wait "$mail_submission" 2>/dev/null || true
        mail_submission=
    fi
    [[ -n $mail_folder ]] || return 0
    kill "$(cat "$mail_folder/run/master.pid")" 2>/dev/null || true
    mail_folder=
}

# mail_configuration FOLDER IMAP LMTP: prints Dovecot's configuration.
mail_configuration() {
    local folder=$1 me group
    me=$(id -un)
    group=$(id -gn)
    if [[ $(id -u) -eq 0 ]]; then
        # Mail belongs to nobody: Dovecot keeps none as root.
        me=nobody
        group=nogroup
        chown "$me:$group" "$folder/mail" || return 1
    else
        cat <<END
default_internal_user = $me
default_internal_group = $group
default_login_user = $me
service anvil {
  chroot =
}
service imap-login {
  chroot =
}
END
    fi
    cat <<END
base_dir = $folder/run
state_dir = $folder/state
log_path = $folder/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_username_format = %Ln
mail_location = maildir:$folder/mail/%u
mail_uid = $me
mail_gid = $group
first_valid_uid = 1
first_valid_gid = 1
passdb {
  driver = static
  args = password=$mail_password
}
userdb {
  driver = static
  args = uid=$me gid=$group home=$folder/mail/%u
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Inviati {
    special_use = \\Sent
    auto = create
  }
}
service imap-login {
  inet_listener imap {
    address = 127.0.0.1
    port = $2
  }
  inet_listener imaps {
    port = 0
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = $3
  }
}
END
}
