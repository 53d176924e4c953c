"""What real servers answered to a scan, kept in a file, and told again."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

sys.path[:0] = [str(Path(__file__).parents[2] / "tests" / "fakes")]

from metric_server import Asked, MetricServer, Reply  # noqa: E402  (the path is set just above)

NAMESPACES = ("shop", "odd", "db")
STEP_S = 600.0
WINDOW_S = 12 * 3600.0


def key(asked: Asked) -> str:
    """A question, whichever way it was asked."""
    return asked.path + "?" + urlencode(sorted(asked.form.items()), doseq=True)


class Recorder:
    """``answers``: by question: code and body."""

    def __init__(self, address: str) -> None:
        self.address, self.answers = address, dict[str, dict[str, object]]()

    def __call__(self, asked: Asked) -> Reply:
        form = urlencode(asked.form, doseq=True)
        get = asked.method == "GET"
        try:
            with urlopen(
                f"{self.address}{asked.path}" + (f"?{form}" if get else ""), None if get else form.encode(), timeout=60
            ) as answer:
                code, body = answer.status, answer.read()
        except HTTPError as refusal:
            code, body = refusal.code, refusal.read()
        try:
            kept: object = json.loads(body)
        except ValueError:
            kept = body.decode("utf-8", "replace")
        self.answers[key(asked)] = {"code": code, "body": kept}
        return Reply(body, code)

    def save(self, file: Path) -> None:
        lines = [f"{json.dumps(name)}: {json.dumps(told)}" for name, told in sorted(self.answers.items())]
        file.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def replayed(file: Path) -> MetricServer:
    """Says what was said; to a question that nobody asked then it answers 400."""
    kept = json.loads(file.read_text(encoding="utf-8"))

    def answer(asked: Asked) -> Reply:
        told = kept.get(key(asked))
        if told is None:
            return Reply(json.dumps({"status": "error", "error": f"not recorded: {key(asked)}"}).encode(), 400)
        body = told["body"] if isinstance(told["body"], str) else json.dumps(told["body"])
        return Reply(body.encode(), told["code"])

    return MetricServer(answer)


def record(file: Path, address: str, end_s: float) -> None:
    """A scan as ``test_contract_metrics_recorded`` asks for it."""
    from oakum.loop.progress import Silent  # noqa: PLC0415
    from oakum.loop.scan_prometheus import HistorySettings, scan_prometheus  # noqa: PLC0415
    from oakum.model.policy import Policy  # noqa: PLC0415
    from oakum.prometheus import server  # noqa: PLC0415

    recorder = Recorder(address)
    with MetricServer(recorder) as between:
        settings = HistorySettings.of(window_s=WINDOW_S, step_s=STEP_S, at=str(end_s), namespaces=NAMESPACES)
        opened = server(between.address, environment={}, table={}, budget=settings.budget)
        scan_prometheus(address, opened, settings=settings, policy=Policy(), now_s=end_s, progress=Silent())
    recorder.save(file)
