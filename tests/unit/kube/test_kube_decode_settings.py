"""What is kept of a container's command, arguments and variables: harmless flags, and names."""

from __future__ import annotations

import pytest

from oakum.kube.decode.settings import memory_flags, program, variables


def test_flags_of_memory_are_kept_in_order_and_no_other_word_is():
    spec = {
        "command": ["sh", "-c", "exec java -Xmx512m -Dpassword=hunter2 -jar shop.jar --token=abc"],
        "args": ["-XX:+UseSerialGC", "-Xmx512m", "-XX:OnOutOfMemoryError=curl secret"],
        "env": [
            {"name": "JAVA_TOOL_OPTIONS", "value": "-XX:MaxRAMPercentage=70.0 -Dkey=hunter2"},
            {"name": "GOGC", "value": "50"},
            {"name": "GOMEMLIMIT", "value": "hunter2"},
            {"name": "DB_PASSWORD", "value": "-Xmx1g"},
        ],
    }
    assert memory_flags(spec) == ("-Xmx512m", "-XX:+UseSerialGC", "-XX:MaxRAMPercentage=70.0", "GOGC=50")
    assert variables(spec) == ("JAVA_TOOL_OPTIONS", "GOGC", "GOMEMLIMIT", "DB_PASSWORD")


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ({"command": ["/usr/bin/java", "-jar", "shop.jar"]}, "java"),
        ({"args": ["--token", "abc", "/app/serve.py"]}, "serve.py"),
        ({"command": ["$(which sh)"]}, ""),
        ({"args": ["hunter2"]}, ""),
        ({"command": 7, "args": [None, {}], "env": "x"}, ""),
        ({}, ""),
    ],
)
def test_the_program_is_named_where_the_pod_says_it_and_odd_fields_say_nothing(spec, name):
    assert program(spec) == name
    assert memory_flags(spec) == ()
