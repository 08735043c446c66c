"""Takes mail by SMTP with a log-in and hands it to Dovecot by LMTP.

Usage: submission.py SMTP_PORT LMTP_PORT PASSWORD

What goes to an address that begins with `lost` is delivered, and its sender never hears of it:
the line is cut before the answer.
"""

import asyncio
import smtplib
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

SMTP_PORT, LMTP_PORT, PASSWORD = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


class Delivery:
    """Accepts what Dovecot accepts."""

    async def handle_DATA(self, server, _session, envelope):
        def hand_over():
            with smtplib.LMTP("127.0.0.1", LMTP_PORT) as lmtp:
                lmtp.sendmail(envelope.mail_from, envelope.rcpt_tos, envelope.original_content)

        try:
            await asyncio.to_thread(hand_over)
        except smtplib.SMTPException:
            return "550 5.1.1 no such mailbox"
        if any(receiver.startswith("lost") for receiver in envelope.rcpt_tos):
            server.transport.abort()
        return "250 2.0.0 taken"


def authenticate(_server, _session, _envelope, _mechanism, data):
    """Everybody has the same password."""
    good = isinstance(data, LoginPassword) and data.password == PASSWORD.encode()
    return AuthResult(success=good, handled=good)


Controller(
    Delivery(),
    hostname="127.0.0.1",
    port=SMTP_PORT,
    authenticator=authenticate,
    auth_require_tls=False,
    auth_required=True,
).start()
threading.Event().wait()
