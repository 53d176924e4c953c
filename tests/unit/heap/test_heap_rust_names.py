"""Names that rustc wrote, as the source has them; whatever else stands in a table of symbols is left alone."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oakum.heap.formats.core.symbols import written
from oakum.heap.formats.native.rust_names import LONGEST, rust_name, type_of

# Written by rustc 1.95 for lab/rust/service.rs; the first ones by -C symbol-mangling-version=legacy.
NAMES = {
    "_ZN7service4OPEN17h62e841a39d3f6de3E": "service::OPEN",
    "_ZN4core3ptr43drop_in_place$LT$service..shop..Session$GT$17h6b3f58e72712719dE": (
        "core::ptr::drop_in_place<service::shop::Session>"
    ),
    "_ZN65_$LT$service..shop..Session$u20$as$u20$service..shop..Payload$GT$6weight17h0123456789abcdefE": (
        "<service::shop::Session as service::shop::Payload>::weight"
    ),
    "_ZN3std2rt10lang_start28_$u7b$$u7b$closure$u7d$$u7d$17h5346df04a4d97254E.llvm.3455612633921628147": (
        "std::rt::lang_start::{{closure}}"
    ),
    "_RNvCseHB2ndNaWOt_7service4OPEN": "service::OPEN",
    "_RINvNtCsgEmfK2I1SDS_4core3ptr13drop_in_placeNtNtCseHB2ndNaWOt_7service4shop7SessionEBK_": (
        "core::ptr::drop_in_place::<service::shop::Session>"
    ),
    "_RNvXNtCseHB2ndNaWOt_7service4shopNtB2_7SessionNtB2_7Payload6weight": (
        "<service::shop::Session as service::shop::Payload>::weight"
    ),
    "_RNCNvMsi_NtNtNtCsjrHSEGnQ3l9_3std3sys2fs4unixNtB7_4File4open0Bd_": (
        "<std::sys::fs::unix::File>::open::{closure#0}"
    ),
    "_RINvMNtCsgEmfK2I1SDS_4core3stre18trim_start_matchesReECsgY6Mt91CT9J_14rustc_demangle": (
        "<str>::trim_start_matches::<&str>"
    ),
    "_RINvNtCsgEmfK2I1SDS_4core6escape14escape_unicodeKja_ECsgY6Mt91CT9J_14rustc_demangle": (
        "core::escape::escape_unicode::<10>"
    ),
    "_RINvNtCsgEmfK2I1SDS_4core3ptr13drop_in_placeSINtNtCslNYArtu3iFV_5alloc5boxed3BoxDNtNtCseHB2ndNaWOt_7service4shop"
    "7PayloadEL_EEB1l_": "core::ptr::drop_in_place::<[alloc::boxed::Box<dyn service::shop::Payload>]>",
    "_RNvXs1j_NtCsfoXig8kEbyV_12simd_adler324hashAhj51_NtB8_11Adler32Hash4hash": (
        "<[u8; 81] as simd_adler32::Adler32Hash>::hash"
    ),
    "_RNvC4shopu8gdel_5qa": "shop::gödel",
}


@pytest.mark.parametrize(("symbol", "told"), NAMES.items())
def test_a_name_is_told_as_the_source_has_it(symbol, told):
    assert rust_name(symbol) == told
    assert written(symbol) == told


@pytest.mark.parametrize(
    "symbol", ["main", "_ZN4shop5tableE", "_ZN4shop7Session4openEl", "_ZTVN4shop7SessionE", "_R", ""]
)
def test_what_rustc_did_not_write_is_none_of_its_names(symbol):
    assert rust_name(symbol) == ""


@pytest.mark.parametrize(
    "symbol", ["_RB_", "_RNvB_1a", "_RINvB0_1aB_E", "_RNvC4shop9", "_RC" + "9" * 40, "_RNvCs" + "a" * 40]
)
def test_a_name_that_leads_to_itself_or_ends_early_is_none(symbol):
    assert rust_name(symbol) == ""


def test_a_name_that_would_be_written_out_for_ever_is_none():
    """Each pair leads twice to the one before it: 2**40 letters."""
    text = "_RINvC1a1b" + "Tuu"
    for _ in range(40):
        text += "ETB8_B8_"
    assert len(rust_name(text)) < 100_000


def test_constants_that_lead_to_each_other_too_deep_are_none():
    """Each leads to the one before it."""
    text, at = "INvC1a1bKj1_", 9
    for _ in range(700):
        back, at = at, len(text) + 1
        text += f"KB{base_62(back)}"
    assert rust_name("_RINvC1a1bKj1_KB8_E") == "a::b::<1, 1>"
    assert len(text) < LONGEST
    assert rust_name(f"_R{text}E") == ""


def base_62(number):
    letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    high, low = divmod(number - 1, 62)
    return f"{letters[high] if high else ''}{letters[low]}_"


NODES = (
    "NvC1a1b",
    "INvC1a1bK",
    "Rj1_",
    "Re616263_",
    "B_",
    "B0_",
    "B3_",
    "KB5_",
    "KB8_",
    "Kj",
    "Kc",
    "Kpp",
    "DG_",
    "L_",
)


@given(
    st.one_of(
        st.text(st.sampled_from("NvCsIETBRSAD_0123789abcKLpGFU"), max_size=60),
        st.lists(st.sampled_from([*NODES, *"NvCsIETBRSAD_01KLpGFUnuej"]), max_size=60).map("".join),
        st.text(st.characters(max_codepoint=127), max_size=60),
    )
)
@example("INvCs1234_3foo3barKRe616263_E")
@example("INvC1a1bK" + "Kc110000_E")
@example("INvC1a1bKj" + "9" * 3900 + "_E")
@example("Cu8a_zzzzzz")
def test_any_name_gives_a_name_or_none(text):
    assert isinstance(rust_name(f"_R{text}"), str)
    assert isinstance(rust_name(f"_ZN{text}17h0123456789abcdefE"), str)


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("<shop::Session as shop::Payload>::weight", "shop::Session"),
        ("<shop::Cache<(u8, fn() -> u8)> as core::any::Any>::type_id", "shop::Cache<(u8, fn() -> u8)>"),
        ("<<shop::A as shop::B>::C as shop::D>::e", "<shop::A as shop::B>::C"),
        ("core::ptr::drop_in_place<shop::Session>", "shop::Session"),
        ("core::ptr::drop_in_place::<[shop::Session]>", "[shop::Session]"),
        ("shop::serve::{closure#0}", "shop::serve::{closure#0}"),
        ("shop::serve::{{closure}}", "shop::serve::{{closure}}"),
        ("shop::Payload::name", ""),
        ("", ""),
    ],
)
def test_a_function_of_a_trait_tells_of_which_type_it_is(function, told):
    assert type_of(function) == told
