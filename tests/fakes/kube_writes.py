"""What changes the objects of an API server: create, update, patch, evict, delete."""

from __future__ import annotations

import json
from copy import deepcopy

from kube_answers import Answering
from kube_state import made_of, merged, scale_of, tell


class Writing(Answering):
    """Requests that change something; ``key``: plural, namespace and name."""

    def _write(self, method: str, key: tuple[str, str, str], part: str, content: bytes, *, dry: bool) -> None:
        state = self.server.state
        verb = {"PATCH": "patch", "DELETE": "delete"}.get(method, "create")
        asked = f"{verb} {key[0]}{f'/{part}' if part else ''}"
        if asked in state.answers:
            self._answer(*state.answers[asked])
            return
        if asked in state.lost:
            # It is done, and the connection ends before that is told.
            state.lost.discard(asked)
            self.lost = True
        if method == "DELETE":
            wanted = (json.loads(content or b"{}").get("preconditions") or {}).get("uid")
            if wanted not in {None, state.objects[key]["metadata"]["uid"]}:
                self._refuse(409, "the UID in the precondition does not match the UID in record")
                return
            self._delete(key)
        elif method == "POST":
            self._evict(key, json.loads(content))
        elif part == "ephemeralcontainers":
            self._visit(key, json.loads(content))
        elif method == "PATCH":
            self._patch(key, json.loads(content), part, dry=dry)
        else:
            self._change(key, json.loads(content), part)

    def _patch(self, key: tuple[str, str, str], change: dict, part: str, *, dry: bool) -> None:
        """Merged by the names of lists, whatever it says that it is: no list here has no names."""
        state = self.server.state
        with state.changed:
            before = state.objects[key]
            for name in ("uid", "resourceVersion"):
                if change.get("metadata", {}).get(name, before["metadata"][name]) != before["metadata"][name]:
                    self._refuse(
                        409, f'Operation cannot be fulfilled on {key[0]} "{key[2]}": the object has been modified'
                    )
                    return
            after = merged(before, change)
            if key[0] == "pods" and part != "resize" and after.get("spec") != before.get("spec"):
                self._refuse(422, f'Pod "{key[2]}" is invalid: spec: Forbidden: pod updates may not change fields')
                return
            if key[0] == "deployments" and after["spec"].get("selector") != before["spec"].get("selector"):
                self._refuse(422, f'Deployment.apps "{key[2]}" is invalid: spec.selector: field is immutable')
                return
            if after != before and not dry:
                state.version += 1
                after["metadata"]["resourceVersion"] = str(state.version)
                state.objects[key] = after
                tell(state, "MODIFIED", key[0], after)
        self._answer(200, scale_of(after) if part == "scale" else after)

    def _evict(self, key: tuple[str, str, str], body: dict) -> None:
        state = self.server.state
        pod = state.objects[key]
        options = body["deleteOptions"]
        if options["preconditions"]["uid"] != pod["metadata"]["uid"]:
            self._refuse(409, "the UID in the precondition does not match the UID in record")
            return
        labels = pod["metadata"].get("labels") or {}
        for (plural, namespace, name), budget in state.objects.items():
            chosen = budget.get("spec", {}).get("selector", {}).get("matchLabels", {})
            mine = (plural, namespace) == ("poddisruptionbudgets", key[1]) and chosen.items() <= labels.items()
            if mine and budget.get("status", {}).get("disruptionsAllowed", 0) < 1:
                causes = [
                    {"reason": "DisruptionBudget", "message": f"The disruption budget {name} needs 1 healthy pods"}
                ]
                message = "Cannot evict pod as it would violate the pod's disruption budget."
                status = {"kind": "Status", "code": 429, "message": message, "details": {"causes": causes}}
                self._answer(429, status, **{"Retry-After": "10"})
                return
        if options.get("dryRun") == ["All"]:
            self._answer(201, {"kind": "Status", "status": "Success"})
        else:
            self._delete(key)

    def _create(self, plural: str, namespace: str, body: dict) -> None:
        state = self.server.state
        if f"create {plural}" in state.answers:
            self._answer(*state.answers[f"create {plural}"])
            return
        if f"create {plural}" in state.lost:
            state.lost.discard(f"create {plural}")
            self.lost = True
        with state.changed:
            if namespace and ("namespaces", "", namespace) not in state.objects:
                self._refuse(404, f'namespaces "{namespace}" not found')
                return
            key = (plural, namespace, body["metadata"]["name"])
            if key in state.objects:
                self._refuse(409, f'{plural} "{key[2]}" already exists')
                return
            made = state.objects[key] = made_of(state, body, namespace)
            if plural == "pods":
                made |= state.starts(made)
            tell(state, "ADDED", plural, made)
        self._answer(201, made)

    def _change(self, key: tuple[str, str, str], body: dict, part: str) -> None:
        state = self.server.state
        with state.changed:
            before = state.objects[key]
            state.version += 1
            changed = {**before, "status": body.get("status", {})} if part == "status" else {**before, **body}
            changed["metadata"] = {
                **before["metadata"],
                **(body["metadata"] if not part else {}),
                "uid": before["metadata"]["uid"],
                "resourceVersion": str(state.version),
            }
            state.objects[key] = changed
            tell(state, "MODIFIED", key[0], changed)
        self._answer(200, changed)

    def _visit(self, key: tuple[str, str, str], body: dict) -> None:
        """Ephemeral containers are merged by name; ``visitors`` says what becomes of each."""
        state = self.server.state
        pod = deepcopy(state.objects[key])
        wanted = body.get("metadata", {}).get("uid", pod["metadata"]["uid"])
        if wanted != pod["metadata"]["uid"]:
            self._refuse(409, f"Precondition failed: UID in precondition: {wanted}, in object meta: another")
            return
        for container in body["spec"]["ephemeralContainers"]:
            if not container["image"].strip():
                self._refuse(422, f'Pod "{key[2]}" is invalid: spec.ephemeralContainers[0].image: Required value')
                return
            pod["spec"].setdefault("ephemeralContainers", []).append(container)
            told = {"name": container["name"], "image": container["image"], "state": state.visitors(container)}
            pod.setdefault("status", {}).setdefault("ephemeralContainerStatuses", []).append(told)
        with state.changed:
            state.version += 1
            state.objects[key] = pod
        self._answer(200, pod)

    def _delete(self, key: tuple[str, str, str]) -> None:
        state = self.server.state
        with state.changed:
            state.version += 1
            gone = deepcopy(state.objects.pop(key))
            gone["metadata"]["resourceVersion"] = str(state.version)
            tell(state, "DELETED", key[0], gone)
        self._answer(200, gone)
