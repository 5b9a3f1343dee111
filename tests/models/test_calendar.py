import datetime as dt

import numpy as np
import pytest

from models.calendar import Calendar


def test_months_days_and_quarters_of_two_years_with_a_leap_day():
    calendar = Calendar(dt.date(2026, 10, 1), 24)
    assert calendar.days == 731
    assert calendar.month_start[:4].tolist() == [0, 31, 61, 92]
    assert calendar.month_of_day[[0, 30, 31, 730]].tolist() == [0, 0, 1, 23]
    assert calendar.month_of_year[[0, 3]].tolist() == [9, 0]
    assert calendar.dates()[-1] == np.datetime64("2028-09-30")
    assert calendar.weekday[0] == dt.date(2026, 10, 1).weekday()


def test_a_start_inside_a_month_is_refused():
    with pytest.raises(ValueError, match="first day of a month"):
        Calendar(dt.date(2026, 10, 2), 3)
