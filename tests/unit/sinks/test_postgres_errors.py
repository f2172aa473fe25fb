"""What libpq says of a connection that fails, in words alone: which of it passes."""

import psycopg
import pytest

from streamreg._exceptions import OutputError
from streamreg._sinks.contract import AwayError
from streamreg._sinks.postgres_errors import not_connected

AT = 'connection failed: connection to server at "db", port 5432 failed: '


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (f"{AT}FATAL:  the database system is starting up", AwayError),
        (f"{AT}FATAL:  the database system is shutting down", AwayError),
        (f"{AT}FATAL:  sorry, too many clients already", AwayError),
        (f"{AT}FATAL:  remaining connection slots are reserved for roles", AwayError),
        (f"{AT}SSL SYSCALL error: EOF detected", AwayError),
        (f"{AT}Connection timed out", AwayError),
        (f"{AT}SSL error: certificate verify failed", OutputError),
        (f'{AT}root certificate file "/x/root.crt" does not exist', OutputError),
        (f'{AT}could not open certificate file "/x": No such file or directory', OutputError),
        (f"{AT}received invalid response to SSL negotiation: H", OutputError),
        (f"{AT}FATAL:  no pg_hba.conf entry for host", OutputError),
        # By each of sslmode=prefer's ways in.
        (f"{AT}FATAL:  the database system is starting up\n{AT}FATAL:  no pg_hba", OutputError),
        (
            f"{AT}Connection refused\nMultiple connection attempts failed. All failures were:\n"
            f"- host: 'a', port: None, hostaddr: '::1': {AT}Connection refused\n"
            f"- host: 'a', port: None, hostaddr: '127.0.0.1': {AT}Connection refused",
            AwayError,
        ),
        (
            f"{AT}Connection refused\nMultiple connection attempts failed. All failures were:\n"
            f"- host: 'a', port: None, hostaddr: '::1': {AT}fe_sendauth: no password supplied\n"
            f"- host: 'a', port: None, hostaddr: '127.0.0.1': {AT}Connection refused",
            OutputError,
        ),
    ],
)
def test_what_is_said_passes_or_not(said: str, kind: type[Exception]) -> None:
    assert type(not_connected(psycopg.OperationalError(said), "table t", {})) is kind
