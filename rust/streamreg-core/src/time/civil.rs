//! Time: days of the proleptic Gregorian calendar, by H. Hinnant, "chrono-compatible low-level date algorithms" (2013).

/// Days from 1970-01-01 to the first day of a month of the years 0 to 9999, a month from 1 to 12.
fn days_before(year: i64, month: i64) -> i64 {
    // Years begin in March, so that the leap day is the last one.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Days from 1970-01-01 to a date; `None` if there is no such one.
pub(super) fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let exists = (1..=12).contains(&month) && day >= 1 && (day <= 28 || day <= days_of_month(year, month));
    exists.then(|| days_before(year, month) + day - 1)
}

/// The same for a day of the year, counted from 1.
pub(super) fn days_of_ordinal(year: i64, day: i64) -> Option<i64> {
    let length = days_before(year + 1, 1) - days_before(year, 1);
    (1..=length).contains(&day).then(|| days_before(year, 1) + day - 1)
}

/// The same for a week of ISO 8601, counted from 1 as its days are, which begin with Monday.
pub(super) fn days_of_week_date(year: i64, week: i64, day: i64) -> Option<i64> {
    let weeks = (first_monday(year + 1) - first_monday(year)) / 7;
    let exists = (1..=weeks).contains(&week) && (1..=7).contains(&day);
    exists.then(|| first_monday(year) + (week - 1) * 7 + day - 1)
}

/// The Monday of the week that holds the 4th of January.
fn first_monday(year: i64) -> i64 {
    let fourth = days_before(year, 1) + 3;
    // 1970-01-01 was a Thursday.
    fourth - (fourth + 3).rem_euclid(7)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days_before(next_year, next) - days_before(year, month)
}

/// The year, month and day of a number of days since 1970-01-01.
pub(super) fn date(days: i64) -> [i64; 3] {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted - era * 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    [year_of_era + era * 400 + i64::from(month <= 2), month, day]
}
