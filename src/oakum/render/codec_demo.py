"""``oakum.demo/1``."""

from __future__ import annotations

from oakum.model.absent import Absent
from oakum.model.demo import ActingChapter, Demo
from oakum.render.codec_incident import story_to_json
from oakum.render.codec_investigation import investigation_to_json
from oakum.render.codec_number import finite
from oakum.render.codec_plan import plan_to_json
from oakum.render.codec_scan import absent_to_json
from oakum.render.codec_verify import verification_to_json

SCHEMA = "oakum.demo/1"


def demo_to_json(demo: Demo) -> dict[str, object]:
    """``kill`` is null where the service was not killed, ``node`` without Node.js, ``acting`` where no leak was found,
    its ``plan`` where nothing was restarted; then ``absent`` says why.
    """
    kill, node, acting = demo.kill, demo.node, demo.acting
    plan = None if isinstance(acting, Absent) else acting.plan
    killed = None
    if not isinstance(kill, Absent):
        killed = {
            "at_s": finite(kill.at_s),
            "pid": kill.pid,
            "victim": kill.victim,
            "constraint": kill.constraint,
            "limit_cgroup": kill.limit_cgroup,
            "task_cgroup": kill.task_cgroup,
            "anon_bytes": kill.anon_bytes,
            "line": kill.line,
        }
    return {
        "schema": SCHEMA,
        "leaking": investigation_to_json(demo.leaking),
        "kill": killed,
        "fixed": investigation_to_json(demo.fixed),
        "node": None
        if isinstance(node, Absent)
        else {"leaking": investigation_to_json(node.leaking), "fixed": investigation_to_json(node.fixed)},
        "acting": None if isinstance(acting, Absent) else _acting(acting),
        "limit_bytes": demo.limit_bytes,
        "seconds": finite(demo.seconds),
        "absent": [absent_to_json(row) for row in (kill, node, acting, plan) if isinstance(row, Absent)],
    }


def _acting(acting: ActingChapter) -> dict[str, object]:
    plan = acting.plan
    return {
        "plan": None if isinstance(plan, Absent) else plan_to_json(plan),
        "verification": verification_to_json(acting.verification),
        "incident": story_to_json(acting.story),
    }
