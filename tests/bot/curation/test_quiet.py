"""Quiet hours: by the clocks that people see, over midnight and over changes to summer time."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.curation.quiet import QuietHours

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", "UTC")
MINUTE = timedelta(minutes=1)

times = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))
zones = st.sampled_from(ZONES)
moments = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
hours = st.tuples(times, times, zones).filter(lambda parts: parts[0] != parts[1]).map(lambda parts: QuietHours(*parts))


def quiet_minutes(quiet: QuietHours, day: datetime, hours_long: int) -> int:
    """How many minutes of a stretch of real time are quiet."""
    return sum(quiet.hold(day + n * MINUTE) for n in range(hours_long * 60))


@pytest.mark.parametrize(
    ("moment", "held"),
    [("21:59", False), ("22:00", True), ("23:59", True), ("00:00", True), ("06:59", True), ("07:00", False), ("12:00", False)],
)
def test_the_night_wraps_midnight_and_ends_on_time(moment: str, held: bool) -> None:
    quiet = QuietHours(time(22), time(7), "Europe/Berlin")
    now = datetime.fromisoformat(f"2026-11-21 {moment}").replace(tzinfo=ZoneInfo("Europe/Berlin"))
    assert quiet.hold(now) is held
    assert quiet.hold(now.astimezone(UTC)) is held


@pytest.mark.parametrize(
    ("start", "end", "day", "minutes"),
    [
        ("22:00", "07:00", "2026-06-01", 9 * 60),
        ("22:00", "07:00", "2026-03-28", 8 * 60),  # 02:00 to 03:00 is skipped in the morning after
        ("22:00", "07:00", "2026-10-24", 10 * 60),  # 02:00 to 03:00 comes twice
        ("02:00", "03:00", "2026-03-28", 0),
        ("02:30", "02:45", "2026-10-24", 30),
        ("01:30", "02:30", "2026-03-28", 30),
    ],
)
def test_when_clocks_change_what_they_show_counts(start: str, end: str, day: str, minutes: int) -> None:
    quiet = QuietHours(time.fromisoformat(start), time.fromisoformat(end), "Europe/Berlin")
    noon = datetime.fromisoformat(f"{day} 12:00").replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    assert quiet_minutes(quiet, noon, 23) == minutes


@given(hours, moments)
def test_it_is_quiet_by_the_hands_of_the_clock_alone(quiet: QuietHours, now: datetime) -> None:
    shown = now.astimezone(ZoneInfo(quiet.zone)).strftime("%H:%M")
    start, end = f"{quiet.start:%H:%M}", f"{quiet.end:%H:%M}"
    inside = start <= shown < end if start < end else not end <= shown < start
    assert quiet.hold(now) is inside
    assert quiet.hold(now) is not QuietHours(quiet.end, quiet.start, quiet.zone).hold(now)


@given(hours)
def test_what_is_shown_can_be_typed_again(quiet: QuietHours) -> None:
    assert QuietHours.read(str(quiet)) == quiet


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("22-7 Europe/Berlin", "22:00-07:00 Europe/Berlin"),
        ("22:30 – 6.15 in europe/berlin", "22:30-06:15 Europe/Berlin"),
        ("10:30pm-12am new york", "22:30-00:00 America/New_York"),
        ("12pm to 13h Kathmandu", "12:00-13:00 Asia/Kathmandu"),
        ("20-24 UTC", "20:00-00:00 UTC"),
        ("22-7 Etc/GMT+5", "22:00-07:00 Etc/GMT+5"),
    ],
)
def test_hours_as_people_type_them(typed: str, shown: str) -> None:
    assert str(QuietHours.read(typed)) == shown


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", "^$"),
        ("at night", "^$"),
        ("22-7", "the time zone is missing"),
        ("22-7 Berlni", "did you mean Europe/Berlin"),
        ("22-7 Louisville", "America/Kentucky/Louisville or America/Louisville"),
        ("22-7 Europe", "there is no time zone"),
        ("22-7 localtime", "there is no time zone"),
        ("22-7 ../../etc/passwd", "there is no time zone"),
        ("22-7 right/Europe/Berlin", "there is no time zone"),
        ("22-7 \ud800", "there is no time zone"),
        ("22-22 UTC", "always or never"),
        ("0-24 UTC", "always or never"),
        ("25-3 UTC", 'no time "25:00"'),
        ("22:60-3 UTC", 'no time "22:60"'),
        ("13pm-3 UTC", 'no "13 pm"'),
        ("0am-3 UTC", 'no "0 am"'),
    ],
)
def test_what_are_no_hours_is_refused(typed: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        QuietHours.read(typed)
