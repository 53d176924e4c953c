"""Who holds a process: told from its cgroup, its namespaces and its parents."""

from __future__ import annotations

import pytest

from oakum.act.control import control, named, running_pid, tell
from oakum.act.supervise import called, recognise, unit_of
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import MachineError, TargetError
from oakum.model.hands import Ran
from oakum.model.launch import Manner
from oakum.model.process import ProcessInfo
from oakum.model.supervisor import Supervisor, SupervisorKind

PLAIN = Manner("default")
STATUS = """shop                             RUNNING   pid 4242, uptime 0:01:02
web:web_00                       RUNNING   pid 4300, uptime 1 day, 0:01:02
old                              STOPPED   Nov 21 10:00 AM
"""


def process(pid=4242, parent=1, command=("/usr/bin/shop", "--port", "80"), cgroup="/", inside=None):
    return ProcessInfo(
        pid=pid,
        parent_pid=parent,
        start_ticks=pid * 10,
        started_s=0.0,
        uid=1000,
        name=command[0].rpartition("/")[2][:15],
        executable=command[0],
        command=tuple(command),
        cgroup=cgroup,
        threads=1,
        state="S",
        namespace_pid=pid if inside is None else inside,
    )


def held(target, *ancestors, siblings=(), manner=PLAIN, systemd=False):
    return recognise(target, ancestors, siblings, manner, systemd=systemd)


class Told:
    """Port Programs that answers from a table of what supervisorctl would say."""

    def __init__(self, *answers):
        self.answers, self.commands = list(answers), []

    def run(self, command, *, within_s, uid=None):
        del within_s, uid
        self.commands.append(list(command))
        return self.answers.pop(0)

    def systemd_runs(self):
        return False


@pytest.mark.parametrize(
    ("cgroup", "unit"),
    [
        ("/system.slice/shop.service", "shop.service"),
        ("/system.slice/shop.service/worker", "shop.service"),
        ("/system.slice/system-shop.slice/shop@1.service", "shop@1.service"),
        ("/user.slice/user-1000.slice/user@1000.service/app.slice/shop.service", "shop.service"),
        ("/user.slice/user-1000.slice/session-3.scope", ""),
        ("/", ""),
    ],
)
def test_a_service_is_named_by_its_cgroup(cgroup, unit):
    assert unit_of(cgroup) == unit


def test_a_unit_is_systemds_only_where_systemd_runs():
    target = process(cgroup="/system.slice/shop.service")
    assert held(target, systemd=True) == Supervisor(SupervisorKind.SYSTEMD, "shop.service")
    assert held(target).kind is SupervisorKind.NONE


def test_a_users_own_unit_is_left_alone_though_the_system_may_have_one_of_that_name():
    cgroup = "/user.slice/user-1000.slice/user@1000.service/app.slice/shop.service"
    found = held(process(cgroup=cgroup), systemd=True)
    assert "a user's own systemd" in found.left_alone
    assert found.instead.startswith("systemctl --user restart shop.service")
    assert held(process(cgroup="/user.slice/user@1000.service"), systemd=True).left_alone


def test_a_unit_whose_systemd_cannot_be_spoken_to_is_left_alone_for_it_may_start_it_again():
    found = recognise(process(cgroup="/system.slice/shop.service"), (), (), PLAIN, systemd=False, init="systemd")
    assert (found.kind, found.name) == (SupervisorKind.SYSTEMD, "shop.service")
    assert "cannot be spoken to from here" in found.left_alone


def test_the_first_process_of_a_container_is_left_alone():
    found = held(process(inside=1, cgroup="/kubepods/pod1/abc"))
    assert (found.kind, found.instead.split()[0]) == (SupervisorKind.CONTAINER, "kubectl")
    assert "container ends with it" in found.left_alone
    apart = held(process(inside=7), manner=Manner("default", apart=("mnt", "pid")))
    assert apart.kind is SupervisorKind.CONTAINER
    assert "mnt, pid of its own" in apart.left_alone


def test_what_supervisord_started_is_its_even_through_a_shell():
    above = process(9, command=("/usr/bin/python3", "/opt/venv/bin/supervisord", "-c", "/etc/shop.conf"))
    found = held(process(parent=9), above)
    assert (found.kind, found.pid, found.config) == (SupervisorKind.SUPERVISORD, 4242, "/etc/shop.conf")
    assert control(found) == ["/opt/venv/bin/supervisorctl", "-c", "/etc/shop.conf"]
    shell = process(50, parent=9, command=("sh", "-c", "shop; true"))
    assert held(process(parent=50), shell, above).pid == 50


def test_the_name_that_supervisord_knows_it_by_is_asked_of_it():
    holder = Supervisor(SupervisorKind.SUPERVISORD, pid=4300)
    assert named(holder, Told(Ran(0, STATUS, ""))).name == "web:web_00"
    stranger = named(Supervisor(SupervisorKind.SUPERVISORD, pid=1), Told(Ran(0, STATUS, "")))
    assert "cannot be asked by what name" in stranger.left_alone
    nowhere = Absent("supervisorctl", AbsentKind.NOT_APPLICABLE, "it is not on the path")
    assert "not on the path" in named(holder, Told(nowhere)).left_alone


def test_what_supervisord_refuses_is_an_error_also_where_its_exit_code_is_not():
    shop = Supervisor(SupervisorKind.SUPERVISORD, "shop")
    with pytest.raises(TargetError, match="refused to restart"):
        tell(shop, "restart", Told(Ran(0, "shop: ERROR (no such process)", "")))
    assert tell(shop, "start", Told(Ran(0, "shop: ERROR (already started)", "")))
    with pytest.raises(MachineError):
        tell(shop, "start", Told(Absent("supervisorctl", AbsentKind.NOT_APPLICABLE, "not here", "install it")))


def test_systemd_is_spoken_to_by_its_own_command():
    unit = Supervisor(SupervisorKind.SYSTEMD, "shop.service")
    told = Told(Ran(0, "", ""), Ran(0, "4321\n", ""), Ran(0, "0\n", ""))
    tell(unit, "restart", told)
    assert running_pid(unit, told) == 4321
    assert running_pid(unit, told) == 0
    assert told.commands[0] == ["systemctl", "--no-ask-password", "restart", "shop.service"]
    assert told.commands[1] == ["systemctl", "show", "--property=MainPID", "--value", "shop.service"]


def test_what_systemd_says_no_to_is_told_in_its_words():
    unit = Supervisor(SupervisorKind.SYSTEMD, "shop.service")
    denied = "Failed to restart shop.service: Interactive authentication required."
    with pytest.raises(TargetError, match=r"systemd shop\.service refused to restart") as told:
        tell(unit, "restart", Told(Ran(1, "", denied)))
    assert told.value.why == denied
    with pytest.raises(MachineError, match="systemctl is not here"):
        tell(unit, "restart", Told(Absent("systemctl", AbsentKind.NOT_APPLICABLE, "not on the path", "install it")))
    assert running_pid(unit, Told(Absent("systemctl", AbsentKind.NOT_APPLICABLE, "not on the path"))) == 0
    assert running_pid(unit, Told(Ran(1, "", "System has not been booted with systemd as init system"))) == 0


def test_a_worker_among_its_like_belongs_to_their_master():
    master = process(9, command=("gunicorn", "shop:app"))
    found = held(process(parent=9), master, siblings=[process(4243, parent=9)])
    assert (found.kind, found.pid, found.left_alone) == (SupervisorKind.MASTER, 9, "")


@pytest.mark.parametrize(
    ("command", "left_alone"),
    [
        (("bash",), False),
        (("-bash",), False),
        (("bash", "-l"), False),
        (("sh", "-c", "while true; do shop; done"), True),
        (("bash", "run.sh"), True),
    ],
)
def test_a_shell_that_runs_a_script_may_start_it_again_one_that_is_typed_into_does_not(command, left_alone):
    found = held(process(parent=9), process(9, command=command))
    assert found.kind is SupervisorKind.SHELL
    assert bool(found.left_alone) is left_alone


def test_other_supervisors_are_named_with_what_a_person_types():
    found = held(process(parent=9), process(9, command=("runsv", "shop")))
    assert (found.kind, found.instead) == (SupervisorKind.OTHER, "sv restart SERVICE")
    parent = held(process(parent=9), process(9, command=("/opt/launcher",)))
    assert parent.kind is SupervisorKind.OTHER
    assert "pid 9" in parent.left_alone


def test_what_nobody_holds_is_nobodys_unless_its_cgroup_goes_with_it():
    assert held(process()).kind is SupervisorKind.NONE
    assert held(process(cgroup="/user.slice/run-r1.scope")).left_alone


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("/usr/bin/python3.11", "/usr/bin/supervisord", "-n"), "supervisord"),
        (("/usr/bin/python3", "-u", "/srv/shop.py"), "shop.py"),
        (("-bash",), "bash"),
        (("node", "/srv/pm2"), "pm2"),
    ],
)
def test_a_script_is_called_by_its_own_name(command, name):
    assert called(process(command=command)) == name
