"""The servers that the other tests rely on: they answer, keep what they acknowledged, and go when they are told to."""

import socket
from pathlib import Path

import psutil
import pytest

from tests.distributed.notes import notebooks
from tests.services.errors import ServicesError
from tests.services.ports import HOST
from tests.services.stack import PORTS, Stack, free_ports, servers

NOTES = [f"note-{number:03}" for number in range(200)]

each_server = pytest.mark.parametrize("name", PORTS)


@each_server
def test_a_server_answers(stack: Stack, name: str) -> None:
    [status] = stack.status(name)
    assert status.answers
    assert status.pid is not None


@each_server
async def test_a_killed_server_keeps_what_it_acknowledged(stack: Stack, name: str) -> None:
    notebook = notebooks(stack.addresses)[name]
    await notebook.open()
    await notebook.write(NOTES)
    with stack.without(name):
        assert not stack.status(name)[0].answers
    assert sorted(await notebook.read()) == NOTES


def test_a_paused_server_does_not_answer_until_it_is_resumed(stack: Stack) -> None:
    with stack.paused("valkey"):
        assert not stack.status("valkey")[0].answers
    stack.check()


def test_a_paused_server_can_be_stopped(stack: Stack) -> None:
    stack.pause("valkey")
    stack.stop("valkey")
    stack.start("valkey")


def test_servers_listen_on_the_loopback_only(stack: Stack) -> None:
    for status in stack.status():
        listening = [
            connection.laddr.ip
            for connection in psutil.Process(status.pid).net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        ]
        assert {address.removeprefix("::ffff:") for address in listening} == {HOST}, status.name


def test_stopping_leaves_no_process_and_no_listener_behind(stack: Stack) -> None:
    running = {status.pid for status in stack.status()}
    stack.stop()
    try:
        assert running & set(psutil.pids()) == set()
        assert {(status.pid, status.answers) for status in stack.status()} == {(None, False)}
    finally:
        stack.start()


def test_free_ports_are_shared_by_no_two_servers() -> None:
    opened = [port for server in servers(free_ports()).values() for port in server.ports]
    assert len(set(opened)) == len(opened)


def test_a_port_that_is_taken_is_refused(tmp_path: Path) -> None:
    ports = free_ports()
    with socket.create_server((HOST, ports["valkey"])):
        stack = Stack(tmp_path, ports)
        with pytest.raises(ServicesError, match=f"valkey cannot have port {ports['valkey']}"):
            stack.start("valkey")
    assert stack.status("valkey")[0].pid is None


def test_a_second_stack_of_the_same_folder_knows_ports_and_processes(stack: Stack) -> None:
    same = Stack(stack.folder, {})
    assert same.addresses == stack.addresses
    same.check()
    with pytest.raises(ServicesError, match="valkey runs on port"):
        Stack(stack.folder, free_ports()).start("valkey")


def test_a_stack_that_is_down_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(ServicesError, match=r"kafka .*cassandra .*valkey .*seaweedfs"):
        Stack(tmp_path, free_ports()).check()
