"""A mute in JSON, wherever it is told."""

from __future__ import annotations

from oakum.model.mute import Mute
from oakum.render.names import encodable


def mute_to_json(mute: Mute) -> dict[str, object]:
    return {
        "id": mute.id,
        "scope": encodable(mute.scope),
        "identity": encodable(mute.identity),
        "reason": encodable(mute.reason),
        "author": encodable(mute.author),
        "created_at_s": mute.created_at_s,
        "until_s": mute.until_s,
        "lifted_at_s": mute.lifted_at_s,
        "lifted_by": encodable(mute.lifted_by),
    }
