"""The mailbox: frames over one worker's pipe."""

from __future__ import annotations

import os
from collections.abc import Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from threading import Thread

import pytest

from streamreg._worker.mailbox import Frame, Inbox, Mail, Notice, Outbox
from streamreg._worker.partial import Partial

Ends = tuple[Inbox, Connection]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """The parent's end of a pipe, and the worker's."""
    reader, writer = Pipe(duplex=False)
    inbox = Inbox(reader)
    yield inbox, writer
    inbox.close()
    writer.close()


def frame(number: int, size: int = 3) -> Frame:
    return Frame(0, Partial({0: (number, number + 1)}, rows=1, outputs=[[bytes(size)]]), {})


def test_mails_come_whole_and_in_order(ends: Ends) -> None:
    """Each arrives as it was sent, whether it is small or larger than a pipe can be."""
    inbox, writer = ends
    sent = [frame(number, size) for number, size in enumerate([0, 3, 3_000_000, 70_000, 1])]

    def send() -> None:
        for mail in sent:
            Outbox(writer).send(mail)

    sender = Thread(target=send)
    sender.start()
    received: list[Mail] = []
    while len(received) < len(sent):
        wait([inbox.connection])
        mail = inbox.receive()
        received += [] if mail is None else [mail]
    sender.join()
    assert received == sent
    assert inbox.receive() is None


def test_half_a_mail_is_none_yet(ends: Ends) -> None:
    """Whatever piece of a mail is there, the parent does not wait for the rest."""
    inbox, writer = ends
    reader, far = Pipe(duplex=False)
    with reader, far:
        Outbox(far).send(Notice("reading again"))
        mail = os.read(reader.fileno(), 1000)
    for byte in mail[:-1]:
        os.write(writer.fileno(), bytes([byte]))
        assert inbox.receive() is None
    os.write(writer.fileno(), mail[-1:])
    assert inbox.receive() == Notice("reading again")


def test_the_end_comes_after_the_last_whole_mail(ends: Ends) -> None:
    """What a worker was writing when it died is no mail; what it had written is."""
    inbox, writer = ends
    Outbox(writer).send(frame(0))
    os.write(writer.fileno(), b"torn")
    writer.close()
    assert inbox.receive() == frame(0)
    with pytest.raises(EOFError):
        inbox.receive()
