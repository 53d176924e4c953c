"""Whose a Java class is: the application's, a library's, the runtime's."""

from __future__ import annotations

import numpy as np
import pytest
from hprof_files import HprofFile

from oakum.heap.formats.hprof import read_hprof
from oakum.heap.formats.hprof.dump import HprofDump

CLASS, OBJECT = 0x1000, 0x2000


@pytest.mark.parametrize(
    ("name", "foreign", "runtime", "inside"),
    [
        ("shop.SessionCache", False, False, False),
        ("com.example.java.util.Cart", False, False, False),
        ("org.eclipse.jetty.server.Server", True, False, False),
        ("wiremock.org.eclipse.jetty.server.Server", True, False, False),
        ("shaded.com.google.common.collect.HashBiMap", True, False, True),
        ("java.util.HashMap", True, True, True),
        ("sun.security.x509.X509CertImpl", True, True, False),
    ],
)
def test_a_library_is_known_by_its_package_even_inside_of_another(name, foreign, runtime, inside):
    file = HprofFile()
    file.class_dump(CLASS, name.replace(".", "/"))
    file.instance(OBJECT, CLASS, b"")
    file.root(0xFF, OBJECT)
    dump = HprofDump(read_hprof(np.frombuffer(file.bytes(), np.uint8)))
    node = next(at for at in range(dump.graph.nodes) if dump.graph.kind_name(at) == name and not dump.is_anchor(at))
    assert (dump.is_foreign(node), dump.is_runtime(node), dump.is_inside(node)) == (foreign, runtime, inside)
