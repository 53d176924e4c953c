"""What is shown of a statement: nothing of its values, wherever it was cut off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.postgres.statement import HIDDEN, without_values


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("SELECT * FROM carts2 WHERE id = $1", "SELECT * FROM carts2 WHERE id = $1"),
        ("select \n  a.b,\t$1 as paid", "select a.b, $1 as paid"),
        ("(SELECT $1) UNION SELECT $2", "(SELECT $1) UNION SELECT $2"),
        ("/* user='bob' */ -- of bob\nWITH t AS (SELECT $1) SELECT 1", "WITH t AS (SELECT $1) SELECT ?"),
        (
            "UPDATE t SET a = 'it''s', b = 1.5e-7, c = .5 WHERE \"1a\" = -2",
            'UPDATE t SET a = ?, b = ?, c = ? WHERE "1a" = -?',
        ),
        ("INSERT INTO t VALUES (E'a\\'b', B'01', U&'\\0041', $$x$$, $a$y$$z$a$)", "INSERT INTO t VALUES (?, ?, ? …"),
        ("MERGE INTO t USING s ON a$1 = 0xFF", "MERGE INTO t USING s ON a$1 = ?"),
        ("DELETE FROM t WHERE a = 'cut o", "DELETE FROM t WHERE a = ?"),
        ("SELECT E'cut\\", "SELECT ?"),
        ("SELECT 'old\\' || secret || 'x'", "SELECT ? …"),
        ("SELECT /* a /* b */ secret */ 1", "SELECT …"),
        ("SET app.jwt = 'eyJSECRET'", "SET …"),
        ("alter role app PASSWORD 'S3cret'", "alter …"),
        ("COMMIT", "COMMIT"),
        ("'S3cret'", "…"),
        ("", ""),
        (HIDDEN, HIDDEN),
    ],
)
def test_a_statement_is_shown_without_its_values(text, shown):
    assert without_values(text) == shown


WRITTEN = st.sampled_from(["'{}'", "E'{}'", "N'{}'", "$${}$$", "$t${}$t$", "/*{}*/", "'{}", "$${}", "/*{}"])


@given(
    WRITTEN,
    st.text("QX7 \n-*/;", min_size=4),
    st.sampled_from(["SELECT a, {}", "with t as (select {} )", "SET x = {}", "{}"]),
)
def test_no_piece_of_a_value_is_shown(written, value, statement):
    value = value.replace("*/", "").replace("/*", "")
    shown = without_values(statement.format(written.format(value)))
    assert not set("QX7") & set(shown)
