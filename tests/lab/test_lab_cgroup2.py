"""What reads or changes memory cgroups, on cgroup v2: in a virtual machine, for this one may have the first."""

from __future__ import annotations

import re
import sys

import pytest
import vm
from programs import ROOT

pytestmark = pytest.mark.lab

THERE = (
    "tests/guest",
    "tests/contract/test_contract_cgroups.py",
    "tests/unit/host/test_host_sandbox.py",
    "tests/unit/guard",
)


def test_cgroup_v2_in_a_machine_of_its_own():
    if vm.missing():
        pytest.skip(f"packages are missing: {' '.join(vm.missing())}")
    pytest_there = f"{sys.executable} -m pytest -q -p no:cacheprovider -p no:xdist {' '.join(THERE)}"
    said = vm.run(["/bin/sh", "-c", f"cd {ROOT} && HOME=/root OAKUM_NO_SKIP=1 {pytest_there}"])
    assert said.code == 0, said.out[-6000:]
    assert int(re.search(r"(\d+) passed", said.out)[1]) > 60
