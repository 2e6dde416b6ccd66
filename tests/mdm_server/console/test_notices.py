from __future__ import annotations

from mdm_server.console.notices import refused, remembered
from mdm_server.domain.refusal import REFUSALS, Refusal
from mdm_server.service.refusals import DetailedRefusal
from mdm_server.web.errors import Explained


def test_a_refusal_is_told_in_the_words_of_the_table() -> None:
    """What happened, why, and what to do."""
    notice = refused(Refusal("abm.token", reason="not_uploaded"))
    assert (notice.title, notice.remedy) == (REFUSALS["abm.token"].text, REFUSALS["abm.token"].remedy)
    assert (notice.found, notice.went_well) == ("not uploaded", False)


def test_particulars_are_told_where_there_are_some() -> None:
    """Those of the use case, and those of this room."""
    assert (
        refused(DetailedRefusal("abm.token", reason="expired", detail="one of last year")).found == "one of last year"
    )
    notice = refused(Explained("api.invalid", expected="a name", found="none", remedy="Say one."))
    assert (notice.expected, notice.found, notice.remedy) == ("a name", "none", "Say one.")


def test_how_long_to_wait_is_said_in_seconds() -> None:
    """A person sees no header."""
    assert refused(Refusal("limit.rate", retry_after=12)).remedy == "Try again in 12 seconds."


def test_what_was_refused_some_time_ago_is_told_from_its_event() -> None:
    """Of a code that this version does not know, the code."""
    notice = remembered("abm.refused:t_c_not_signed")
    assert (notice.title, notice.found) == (REFUSALS["abm.refused"].text, "T_C_NOT_SIGNED")
    assert remembered("abm.token:not_uploaded").found == "not uploaded"
    assert remembered("abm.unreachable").remedy == REFUSALS["abm.unreachable"].remedy
    assert remembered("abm.of_tomorrow").title == "abm.of_tomorrow"
