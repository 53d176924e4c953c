"""Names as words."""

from __future__ import annotations

import pytest

from oakum.model.wording import last_name, says, worded


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("UserSessionStore", "_user_session_store_"),
        ("user_session_store", "_user_session_store_"),
        ("_by_id", "_by_id_"),
        ("HTTPHandler", "_http_handler_"),
        ("EVENT_LISTENERS", "_event_listeners_"),
        ("onClose2", "_on_close_2_"),
        ("", "__"),
    ],
)
def test_a_name_is_its_words(name, words):
    assert worded(name) == words


def test_a_hint_is_the_begin_of_a_word_and_whole_with_a_mark():
    assert says("eventListeners", ("listener",))
    assert not says("obsession", ("session",))
    assert not says("webhooks", ("hook",))
    assert says("memo", ("memo_",))
    assert not says("memory", ("memo_",))


def test_the_last_name_is_without_package_and_outer_class():
    assert [last_name(each) for each in ("shop.web.Session", "shop.Web$Session", "dict")] == [
        "Session",
        "Session",
        "dict",
    ]
