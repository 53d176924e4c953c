"""An application that is deployed again and again: the loaders left behind are named by what still holds them."""

from __future__ import annotations

import pytest
from jvm import server
from programs import oakum

pytestmark = pytest.mark.lab

HOLDERS = {"hooks": "redeploy.Hooks.registered", "thread": "redeploy.app.WebApp.request (thread-local)"}
CATALOGUE_BYTES = 100 * 4000


def dumps(folder, kept_by):
    files = []
    with server(folder, kept_by) as running:
        for number, deployments in enumerate((3, 6)):
            running.serve(deployments)
            files.append(running.dump(folder / f"{number}.hprof"))
    return files


@pytest.mark.parametrize("kept_by", HOLDERS)
def test_loaders_that_were_left_behind_are_the_first_suspect_of_one_dump_and_of_two(tmp_path, kept_by):
    files = dumps(tmp_path, kept_by)
    alone = oakum("heap", "analyze", files[1], "-o", "json").json["suspects"][0]
    compared = oakum("heap", "diff", *files, "-o", "json").json["suspects"][0]
    for first in (alone, compared):
        assert (first["cause"], first["holder"]) == ("class-loader", HOLDERS[kept_by])
        # The ninth is the one in use.
        assert (first["count"], first["item_type"]) == (8, "redeploy.AppLoader")
        assert 8 * CATALOGUE_BYTES < first["retained_bytes"] < 9 * CATALOGUE_BYTES
        assert first["path"][-1]["node"] == "redeploy.AppLoader"
    assert 2 * CATALOGUE_BYTES < compared["growth"][0] < 3 * CATALOGUE_BYTES


def test_loaders_that_nothing_holds_are_told_by_nobody(tmp_path):
    files = dumps(tmp_path, "nothing")
    for words in (["analyze", files[1]], ["diff", *files]):
        causes = {suspect["cause"] for suspect in oakum("heap", *words, "-o", "json").json["suspects"]}
        assert "class-loader" not in causes
