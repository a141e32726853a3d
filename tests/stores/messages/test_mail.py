"""The way to the mail server: few connections, whole envelopes at once, and nothing sent twice or lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiosmtplib
import pytest

from engine.stores.messages import mail
from engine.stores.messages.letter import Letter
from engine.stores.messages.mail import MailGateway, servers_of


@dataclass
class Server:
    """A mail server that does as it is told."""

    in_a_row: bool = True
    refuses: dict[str, str] = field(default_factory=dict)
    goodbye_after: int | None = None
    silent_after_content: bool = False
    greeting: list[bytes] = field(default_factory=lambda: [b"220 here\r\n"])
    connections: int = 0
    ended: int = 0
    port: int = 0
    commands: list[str] = field(default_factory=list)
    letters: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        for part in self.greeting:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        taken = 0
        try:
            while line := await reader.readline():
                envelope = [line]
                if self.in_a_row and line.startswith(b"MAIL"):
                    # Nothing is answered before the whole envelope is here.
                    while not envelope[-1].startswith(b"DATA"):
                        envelope.append(await reader.readline())
                for command in envelope:
                    self.commands.append(command.decode().strip())
                    writer.write(self.answer(command.decode().strip()))
                if not envelope[-1].startswith(b"DATA") or not self.answer("DATA").startswith(b"354"):
                    pass
                elif not self.refused(envelope):
                    self.letters.append((await reader.readuntil(b"\r\n.\r\n")).removesuffix(b".\r\n"))
                    taken += 1
                    if self.silent_after_content:
                        break
                    writer.write(b"250 kept\r\n")
                else:
                    assert await reader.readline() == b".\r\n", "a letter for nobody has no content"
                    writer.write(b"554 nobody\r\n")
                if taken == self.goodbye_after or line.startswith(b"QUIT"):
                    break
        finally:
            writer.close()
            self.ended += 1

    def answer(self, command: str) -> bytes:
        for start, refusal in self.refuses.items():
            if command.startswith(start):
                return refusal.encode() + b"\r\n"
        if command.startswith("EHLO"):
            return b"250-here\r\n250-PIPELINING\r\n250 SIZE\r\n" if self.in_a_row else b"250-here\r\n250 SIZE\r\n"
        return {"DATA": b"354 go on\r\n", "QUIT": b"221 bye\r\n"}.get(command[:4], b"250-it\r\n250 is\r\n")

    def refused(self, envelope: list[bytes]) -> bool:
        named = [line.decode() for line in envelope if line.startswith(b"RCPT")]
        return bool(named) and all(not self.answer(line).startswith(b"250") for line in named)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    told = Server()
    listening = await asyncio.start_server(told.serve, "127.0.0.1", 0)
    told.port = listening.sockets[0].getsockname()[1]
    yield told
    listening.close()


@pytest.fixture
async def gateway(server: Server) -> AsyncIterator[MailGateway]:
    opened = MailGateway(host="127.0.0.1", port=server.port)
    yield opened
    await opened.close()


def letter(to: str = "ada@example.test", text: str = "Hello") -> Letter:
    return Letter("house@example.test", to, f"To: <{to}>\r\nSubject: Tickets\r\n\r\n{text}\r\n".encode())


async def test_letters_that_follow_each_other_share_a_connection(server: Server, gateway: MailGateway):
    for number in range(5):
        await gateway.send(letter(text=f"Letter {number}"))
    assert [f"Letter {number}".encode() in sent for number, sent in enumerate(server.letters)] == [True] * 5
    assert server.connections == 1


async def test_an_envelope_is_complete_before_anything_is_answered_if_the_server_allows_it(server, gateway):
    await asyncio.wait_for(gateway.send(letter()), 10)
    assert [command.split(" ")[0] for command in server.commands] == ["EHLO", "MAIL", "RCPT", "DATA"]


async def test_a_server_that_takes_one_command_at_a_time_is_given_one(server: Server, gateway: MailGateway):
    server.in_a_row = False
    await gateway.send(letter())
    await gateway.send(letter())
    assert len(server.letters) == 2
    assert server.connections == 1


async def test_at_most_a_few_connections_are_open_however_many_letters_wait(server: Server, gateway: MailGateway):
    await asyncio.gather(*[gateway.send(letter()) for _ in range(30)])
    assert len(server.letters) == 30
    assert server.connections <= mail.CONNECTIONS_MAX


@pytest.mark.parametrize("in_a_row", [True, False])
async def test_a_recipient_that_is_refused_is_told_and_the_connection_carries_the_next(server, gateway, in_a_row):
    server.in_a_row = in_a_row
    server.refuses["RCPT TO:<gone@example.test>"] = "550 5.1.1 no such person"
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refusal:
        await gateway.send(letter("gone@example.test"))
    assert [(each.code, each.recipient) for each in refusal.value.recipients] == [(550, "gone@example.test")]
    await gateway.send(letter())
    assert len(server.letters) == 1
    assert server.connections == 1


@pytest.mark.parametrize(
    ("refuses", "error"),
    [
        ({"MAIL": "553 who are you"}, aiosmtplib.SMTPSenderRefused),
        ({"DATA": "554 not today"}, aiosmtplib.SMTPDataError),
        ({"EHLO": "502 what", "HELO": "502 what"}, aiosmtplib.SMTPHeloError),
    ],
)
async def test_what_the_server_refuses_is_raised_with_its_code(server, gateway, refuses, error):
    server.in_a_row = False
    server.refuses |= refuses
    with pytest.raises(error):
        await gateway.send(letter())
    server.refuses.clear()
    await gateway.send(letter())
    assert len(server.letters) == 1


async def test_a_connection_that_died_while_it_rested_is_replaced(server: Server, gateway: MailGateway):
    server.goodbye_after = 1
    for _ in range(3):
        await gateway.send(letter())
    assert len(server.letters) == 3
    assert server.connections == 3


async def test_a_letter_whose_content_has_left_is_not_sent_again_by_the_gateway(server: Server, gateway: MailGateway):
    await gateway.send(letter())
    server.silent_after_content = True
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await gateway.send(letter(text="Perhaps twice"))
    assert len([sent for sent in server.letters if b"Perhaps twice" in sent]) == 1


async def test_a_server_that_speaks_no_smtp_is_an_error(server: Server, gateway: MailGateway):
    server.refuses["MAIL"] = "HTTP/1.1 400 Bad Request"
    with pytest.raises(aiosmtplib.SMTPException):
        await asyncio.wait_for(gateway.send(letter()), 10)


async def test_lines_that_begin_with_a_dot_arrive_as_they_were(server: Server, gateway: MailGateway):
    content = b"To: a@example.test\r\n\r\n.\r\n..two\r\nend."
    await gateway.send(Letter("house@example.test", "a@example.test", content))
    assert server.letters == [b"To: a@example.test\r\n\r\n..\r\n...two\r\nend.\r\n"]


async def test_a_connection_ends_after_its_share_of_letters(server: Server, gateway: MailGateway, monkeypatch):
    monkeypatch.setattr(mail, "LETTERS_A_CONNECTION_MAX", 2)
    for _ in range(4):
        await gateway.send(letter())
    assert server.connections == 2


async def test_a_connection_that_rests_too_long_is_given_up(server: Server, gateway: MailGateway, monkeypatch):
    monkeypatch.setattr(mail, "REST_MAX_S", 0.0)
    await gateway.send(letter())
    async with asyncio.timeout(10):
        while not server.ended:
            await asyncio.sleep(0.01)
    assert server.commands[-1] == "QUIT"


async def test_closing_hangs_up_what_rests(server: Server, gateway: MailGateway):
    await gateway.send(letter())
    await gateway.close()
    async with asyncio.timeout(10):
        while not server.ended:
            await asyncio.sleep(0.01)
    assert server.ended == server.connections == 1


async def test_another_server_has_the_letter_if_the_first_does_not_answer(server: Server):
    away = await asyncio.start_server(Server().serve, "127.0.0.1", 0)
    dead = away.sockets[0].getsockname()[1]
    away.close()
    await away.wait_closed()
    others = servers_of(f" smtp://127.0.0.1:{server.port} ")
    gateway = MailGateway(host="127.0.0.1", port=dead, others=others)
    await gateway.send(letter())
    await gateway.close()
    await gateway.send(letter())
    assert len(server.letters) == 2
    assert gateway._away_until[gateway._servers[0]] > 0, "the second letter did not ask the first server"
    await gateway.close()


async def test_what_a_server_refuses_is_asked_of_no_other(server: Server):
    other = Server()
    listening = await asyncio.start_server(other.serve, "127.0.0.1", 0)
    other.port = listening.sockets[0].getsockname()[1]
    server.refuses["RCPT TO:<gone@example.test>"] = "550 5.1.1 no such person"
    gateway = MailGateway(host="127.0.0.1", port=server.port, others=servers_of(f"smtp://127.0.0.1:{other.port}"))
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await gateway.send(letter("gone@example.test"))
    assert other.connections == 0
    await gateway.close()
    listening.close()


@pytest.mark.parametrize("written", ["mail.example.test", "http://a.test", "smtp://", ",".join(["smtp://a"] * 5)])
def test_servers_that_are_none_are_refused(written: str):
    with pytest.raises(ValueError, match="mail server"):
        servers_of(written)


def test_a_server_is_read_with_its_secrets():
    [found] = servers_of("smtps://me%40a.test:p%3Aw@mail.a.test:587")
    assert (found.host, found.port, found.user, found.password, found.tls) == (
        "mail.a.test",
        587,
        "me@a.test",
        "p:w",
        True,
    )
