//! Datetimes and timedeltas in messages: what is one, in both formats, and the reasons for which others are rejects.

use super::*;

fn kind(name: &str) -> ColumnType {
    ColumnType::named(name).unwrap()
}

/// The field of a CSV record, and a JSON value.
fn decoders(name: &str) -> [Decoder; 2] {
    [csv(&["t"], &[("t", kind(name))]), json(&[("t", kind(name))])]
}

/// Microseconds of 2026-11-28T16:10:34Z.
const THEN: i64 = 1_795_882_234_000_000;

/// Every form that RFC 3339 and the extended format of ISO 8601 have for one point in time gives it.
#[test]
fn forms_of_a_datetime() {
    for (text, micros) in [
        ("2026-11-28T16:10:34Z", THEN),
        ("2026-11-28t16:10:34z", THEN),
        ("2026-11-28 16:10:34+00:00", THEN),
        ("2026-11-28T16:10:34-00:00", THEN),
        ("2026-11-28T17:10:34+01:00", THEN),
        ("2026-11-28T17:10:34+01", THEN),
        ("2026-11-27T16:11:34-23:59", THEN),
        ("2026-332T16:10:34Z", THEN),
        ("2026-W48-6T16:10:34Z", THEN),
        ("2026-11-28T16:10:34.000000000000000000000000Z", THEN),
        ("2026-11-28T16:10:34.5Z", THEN + 500_000),
        ("2026-11-28T16:10:34,000001Z", THEN + 1),
        ("2026-11-28T16:10Z", THEN - 34_000_000),
        ("2026-11-28T16:10.5Z", THEN - 4_000_000),
        ("2026-11-28T16Z", THEN - 634_000_000),
        ("2026-11-28T16,25Z", THEN + 266_000_000),
        ("2026-11-27T24:00:00Z", THEN - 58_234_000_000),
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
        ("0000-12-31T23:00:00-01:00", -62_135_596_800_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
        ("2020-W53-7T00:00:00Z", 1_609_632_000_000_000),
    ] {
        let [csv, json] = decoders("datetime");
        let field = if text.contains(',') { format!("\"{text}\"") } else { format!(" {text} ") };
        assert_eq!(row(&csv, field.as_bytes()), [Value::Micros(micros)], "{text}");
        assert_eq!(row(&json, format!(r#"{{"t": "{text}"}}"#).as_bytes()), [Value::Micros(micros)], "{text}");
    }
}

/// What is no datetime, or none that is held exactly, is a reject with its reason, in both formats.
#[test]
fn rejects_of_datetimes() {
    use RejectKind as Kind;
    for (text, reason) in [
        ("2026-11-28T16:10:34", Kind::INVALID_DATETIME),
        ("2026-11-28", Kind::INVALID_DATETIME),
        ("16:10:34Z", Kind::INVALID_DATETIME),
        ("2026-11-28T16:10:60Z", Kind::INVALID_DATETIME),
        ("2016-12-31T23:59:60Z", Kind::INVALID_DATETIME),
        ("2026-11-28T16:60:00Z", Kind::INVALID_DATETIME),
        ("2026-11-28T24:00:01Z", Kind::INVALID_DATETIME),
        ("2026-11-28T24:00:00.1Z", Kind::INVALID_DATETIME),
        ("2026-02-29T16:10:34Z", Kind::INVALID_DATETIME),
        ("2026-13-01T16:10:34Z", Kind::INVALID_DATETIME),
        ("2026-00-01T16:10:34Z", Kind::INVALID_DATETIME),
        ("2026-11-00T16:10:34Z", Kind::INVALID_DATETIME),
        ("2026-366T16:10:34Z", Kind::INVALID_DATETIME),
        ("2026-W54-1T16:10:34Z", Kind::INVALID_DATETIME),
        ("2026-W48-8T16:10:34Z", Kind::INVALID_DATETIME),
        ("2026-11-28T16:10:34.Z", Kind::INVALID_DATETIME),
        ("2026-11-28T16:10:34+0100", Kind::INVALID_DATETIME),
        ("2026-11-28T16:10:34+24:00", Kind::INVALID_DATETIME),
        ("2026-11-28T16:10:34+01:60", Kind::INVALID_DATETIME),
        ("2026-11-28T16:10:34Z ", Kind::INVALID_DATETIME),
        ("2026-11-28T16:10:34ZZ", Kind::INVALID_DATETIME),
        ("2026-11-28T16:10:34+01:00[Europe/Berlin]", Kind::INVALID_DATETIME),
        ("20261128T161034Z", Kind::INVALID_DATETIME),
        ("26-11-28T16:10:34Z", Kind::INVALID_DATETIME),
        ("2026-1-28T16:10:34Z", Kind::INVALID_DATETIME),
        ("1795882234", Kind::INVALID_DATETIME),
        ("now", Kind::INVALID_DATETIME),
        ("２026-11-28T16:10:34Z", Kind::INVALID_DATETIME),
        ("2026-11-28T16:10:34.0000001Z", Kind::DATETIME_RANGE),
        ("2026-11-28T16:10.00000001Z", Kind::DATETIME_RANGE),
        ("2026-11-28T16:10:34.00000000000000000000000001Z", Kind::DATETIME_RANGE),
        ("0000-12-31T23:59:59Z", Kind::DATETIME_RANGE),
        ("0001-01-01T00:00:00+00:01", Kind::DATETIME_RANGE),
        ("9999-12-31T24:00:00Z", Kind::DATETIME_RANGE),
        ("9999-12-31T23:59:59-00:01", Kind::DATETIME_RANGE),
    ] {
        let [csv, json] = decoders("datetime");
        if text == text.trim() {
            assert_eq!(reject(&csv, text.as_bytes()), (reason, Some(0)), "{text}");
        }
        let message = format!(r#"{{"t": "{text}"}}"#);
        assert_eq!(reject(&json, message.as_bytes()), (reason, Some(0)), "{text}");
    }
    let [csv, json] = decoders("datetime");
    assert_eq!(reject(&csv, b"").0, Kind::NULL);
    assert_eq!(reject(&csv, "1".repeat(5000).as_bytes()).0, Kind::INVALID_DATETIME);
    assert_eq!(reject(&json, br#"{"t": null}"#).0, Kind::NULL);
    assert_eq!(reject(&json, br#"{"t": 1795882234}"#).0, Kind::WRONG_TYPE);
    assert_eq!(reject(&json, br#"{"t": true}"#).0, Kind::WRONG_TYPE);
}

/// Numbers of a unit are read exactly, and what is finer or out of range is a reject.
#[test]
fn numbers_of_a_unit() {
    for (unit, text, micros) in [
        ("s", "1.5", Ok(1_500_000)),
        ("s", "-0.000001", Ok(-1)),
        ("s", "1e3", Ok(1_000_000_000)),
        ("s", "1e-7", Err(RejectKind::DATETIME_RANGE)),
        ("s", "253402300799.999999", Ok(253_402_300_799_999_999)),
        ("s", "253402300800", Err(RejectKind::DATETIME_RANGE)),
        ("s", "-62135596800", Ok(-62_135_596_800_000_000)),
        ("s", "-62135596800.000001", Err(RejectKind::DATETIME_RANGE)),
        ("s", "1e400", Err(RejectKind::DATETIME_RANGE)),
        ("s", "1e401", Err(RejectKind::DATETIME_RANGE)),
        ("s", "0e999999", Ok(0)),
        ("ms", "1795882234000.25", Ok(THEN + 250)),
        ("us", "1795882234000000", Ok(THEN)),
        ("us", "0.5", Err(RejectKind::DATETIME_RANGE)),
        ("\u{b5}s", "1", Ok(1)),
        ("\u{3bc}s", "1", Ok(1)),
        ("ns", "1795882234000000000", Ok(THEN)),
        ("ns", "1795882234000000001", Err(RejectKind::DATETIME_RANGE)),
        ("ns", "253402300799999999000", Ok(253_402_300_799_999_999)),
    ] {
        let [csv, json] = decoders(&format!("datetime unit={unit}"));
        for (decoder, value) in [(csv, text.to_owned()), (json, format!(r#"{{"t": {text}}}"#))] {
            match micros {
                Ok(micros) => assert_eq!(row(&decoder, value.as_bytes()), [Value::Micros(micros)], "{text}"),
                Err(reason) => assert_eq!(reject(&decoder, value.as_bytes()).0, reason, "{unit} {text}"),
            }
        }
    }
    let [csv, json] = decoders("datetime unit=s");
    for text in ["nan", "inf", "x", "2026-11-28T16:10:34Z"] {
        assert_eq!(reject(&csv, text.as_bytes()).0, RejectKind::INVALID_DATETIME, "{text}");
    }
    assert_eq!(reject(&json, br#"{"t": "1.5"}"#).0, RejectKind::WRONG_TYPE);
}

/// Durations of a fixed length are read exactly, others are rejects with their reason.
#[test]
fn durations() {
    use RejectKind as Kind;
    for (text, micros) in [
        ("PT0S", Ok(0)),
        ("PT1H30M0.5S", Ok(5_400_500_000)),
        ("-PT1H", Ok(-3_600_000_000)),
        ("+P1DT12H", Ok(129_600_000_000)),
        ("P1W", Ok(604_800_000_000)),
        ("P1W2D", Ok(777_600_000_000)),
        ("P1.5D", Ok(129_600_000_000)),
        ("PT0,000001S", Ok(1)),
        ("PT0.0000000005H", Err(Kind::TIMEDELTA_RANGE)),
        ("PT0.000000005H", Ok(18)),
        ("PT36H", Ok(129_600_000_000)),
        ("pt1.5m", Ok(90_000_000)),
        ("PT9223372036854.775807S", Ok(i64::MAX)),
        ("-PT9223372036854.775807S", Ok(-i64::MAX)),
        ("-PT9223372036854.775808S", Err(Kind::TIMEDELTA_RANGE)),
        ("PT99999999999999999999999999999999999S", Err(Kind::TIMEDELTA_RANGE)),
        ("P99999999999999W", Err(Kind::TIMEDELTA_RANGE)),
        ("PT0.0000001S", Err(Kind::TIMEDELTA_RANGE)),
        ("P1M", Err(Kind::INVALID_TIMEDELTA)),
        ("P1Y", Err(Kind::INVALID_TIMEDELTA)),
        ("P", Err(Kind::INVALID_TIMEDELTA)),
        ("PT", Err(Kind::INVALID_TIMEDELTA)),
        ("P1DT", Err(Kind::INVALID_TIMEDELTA)),
        ("P1H", Err(Kind::INVALID_TIMEDELTA)),
        ("PT1D", Err(Kind::INVALID_TIMEDELTA)),
        ("PT1S1M", Err(Kind::INVALID_TIMEDELTA)),
        ("PT1S1S", Err(Kind::INVALID_TIMEDELTA)),
        ("PT1.5H1M", Err(Kind::INVALID_TIMEDELTA)),
        ("P1.5DT1H", Err(Kind::INVALID_TIMEDELTA)),
        ("PT1.S", Err(Kind::INVALID_TIMEDELTA)),
        ("PT.5S", Err(Kind::INVALID_TIMEDELTA)),
        ("PT-1S", Err(Kind::INVALID_TIMEDELTA)),
        ("1:30:00", Err(Kind::INVALID_TIMEDELTA)),
        ("90", Err(Kind::INVALID_TIMEDELTA)),
    ] {
        let [_, json] = decoders("timedelta");
        let message = format!(r#"{{"t": "{text}"}}"#);
        match micros {
            Ok(micros) => assert_eq!(row(&json, message.as_bytes()), [Value::Micros(micros)], "{text}"),
            Err(reason) => assert_eq!(reject(&json, message.as_bytes()).0, reason, "{text}"),
        }
    }
    let [csv, json] = decoders("timedelta unit=ms");
    assert_eq!(row(&csv, b"-1.5"), [Value::Micros(-1500)]);
    assert_eq!(row(&json, br#"{"t": 9223372036854775.807}"#), [Value::Micros(i64::MAX)]);
    assert_eq!(reject(&json, br#"{"t": -9223372036854775.808}"#).0, Kind::TIMEDELTA_RANGE);
    assert_eq!(reject(&csv, b"PT1S").0, Kind::INVALID_TIMEDELTA);
}

/// Over a year of Berlin's clocks each quarter of an hour is what the rule of the European Union says, and where they
/// change a reject that says so; an offset in the text counts before them.
#[test]
fn oracle_local_times() {
    let [csv, _] = decoders("datetime tz=Europe/Berlin");
    let utc = |text: &str| match row(&decoders("datetime")[0], text.as_bytes())[..] {
        [Value::Micros(micros)] => micros,
        ref other => panic!("{other:?}"),
    };
    let (mut skipped, mut twice) = (0, 0);
    for day in 1..=365 {
        for quarter in 0..96 {
            let text = format!("2026-{day:03}T{:02}:{:02}:00", quarter / 4, quarter % 4 * 15);
            // The last Sundays of March and October, the 88th and the 298th day: from 1:00 to 1:00 UTC it is summer.
            let shown = (day - 1) * 96 + quarter;
            let (spring, autumn) = (87 * 96 + 8, 297 * 96 + 12);
            let changes = (spring..spring + 4).contains(&shown) || (autumn - 4..autumn).contains(&shown);
            if changes {
                let batch = decode(&csv, &[Some(text.as_bytes())]);
                assert_eq!(batch.rejects[0].kind, RejectKind::CLOCK_CHANGE, "{text}");
                skipped += i32::from(batch.rejects[0].detail.ends_with("skip this local time"));
                twice += i32::from(batch.rejects[0].detail.ends_with("show this local time twice"));
            } else {
                let ahead = if (spring + 4..autumn - 4).contains(&shown) { "+02:00" } else { "+01:00" };
                let wanted = utc(&format!("{text}{ahead}"));
                assert_eq!(row(&csv, text.as_bytes()), [Value::Micros(wanted)], "{text}");
            }
        }
    }
    assert_eq!((skipped, twice), (4, 4));
    assert_eq!(row(&csv, b"2026-10-25T02:30:00+02:00"), [Value::Micros(utc("2026-10-25T00:30:00Z"))]);
    assert_eq!(row(&csv, b"2026-10-25T02:30:00Z"), [Value::Micros(utc("2026-10-25T02:30:00Z"))]);
    // Rules go on where the database has no more changes, and years are bounded as ever.
    assert_eq!(row(&csv, b"2150-07-01T12:00:00"), [Value::Micros(utc("2150-07-01T10:00:00Z"))]);
    assert_eq!(reject(&csv, b"0001-01-01T00:00:00").0, RejectKind::DATETIME_RANGE);
    assert_eq!(row(&csv, b"9999-12-31T23:59:59.5"), [Value::Micros(utc("9999-12-31T22:59:59.5Z"))]);
}

/// Zones whose clocks change by half an hour, by two, by a day, at midnight, or never.
const ZONES: [&str; 7] = [
    "Europe/Berlin",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Kolkata",
];

/// Years with other rules.
const YEARS: [u64; 10] = [1, 1883, 1916, 1945, 1987, 2011, 2026, 2037, 2100, 9999];

/// Local times of one batch are what each of them is alone, in any order: near changes and far off, in all zones.
#[test]
fn differential_local_times_of_a_batch() {
    let mut state = 9u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for zone in ZONES {
        let [decoder, _] = decoders(&format!("datetime tz={zone}"));
        let mut texts = Vec::new();
        let (mut year, mut day) = (2000, 1);
        for _ in 0..5_000 {
            // Mostly close to the one before.
            match next(20) {
                0 => year = YEARS[usize::try_from(next(10)).unwrap()],
                1 => day = 1 + next(365),
                _ => day = 1 + (day + next(3)) % 365,
            }
            texts.push(format!("{year:04}-{day:03}T{:02}:{:02}:{:02}", next(24), next(60), next(60)));
        }
        let values: Vec<_> = texts.iter().map(|text| Some(text.as_bytes())).collect();
        let together = decode(&decoder, &values);
        let (mut rows, mut rejects) = (0..together.rows, together.rejects.iter());
        for value in values {
            let alone = decode(&decoder, &[value]);
            let text = String::from_utf8_lossy(value.unwrap());
            if alone.rows == 1 {
                let found = entry(&together.columns[0], rows.next().unwrap());
                assert_eq!(found, entry(&alone.columns[0], 0), "{zone} {text}");
            } else {
                let found = rejects.next().unwrap();
                assert_eq!(
                    (found.kind, &found.detail),
                    (alone.rejects[0].kind, &alone.rejects[0].detail),
                    "{zone} {text}"
                );
            }
        }
        assert!(rows.next().is_none() && rejects.next().is_none());
    }
}

/// A type that is none, or an option that it does not have, is said.
#[test]
fn types_and_options() {
    for (text, wanted) in [
        ("date", "there is no column type"),
        ("datetime tz=Europe/Atlantis", "there is no time zone"),
        ("datetime tz=", "there is no time zone"),
        ("datetime tz", "there is no time zone"),
        ("datetime unit=m", "there is no unit"),
        ("timedelta tz=UTC", "has no option"),
        ("datetime  unit=s", "has no option"),
        ("float unit=s", "has no option"),
    ] {
        let error = ColumnType::named(text).unwrap_err().to_string();
        assert!(error.contains(wanted), "{text}: {error}");
    }
}
