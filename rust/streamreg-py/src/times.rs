//! Datetimes and timedeltas: microseconds, from what Python has and back.

use crate::arrays::{DecimalArray, TimeArray};
use crate::decimals;
use crate::errors::to_py as error;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDelta, PyType};
use streamreg_core::decimal::Decimal;
use streamreg_core::decode::ColumnType;
use streamreg_core::time::{self, NotTime, TimeType, Zone};

/// Counts of microseconds, and which are none.
type Counts<'py> = (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<bool>>);

const DAY: i64 = 86_400_000_000;

/// The type of times of this name.
pub fn time_type(name: &str) -> PyResult<TimeType> {
    match name {
        "datetime" => Ok(TimeType::Datetime),
        "timedelta" => Ok(TimeType::Timedelta),
        other => Err(PyValueError::new_err(format!("there is no type of times {other:?}"))),
    }
}

/// The name of a type of times.
pub fn time_name(kind: TimeType) -> &'static str {
    match kind {
        TimeType::Datetime => "datetime",
        TimeType::Timedelta => "timedelta",
    }
}

/// Microseconds as an object of Python: a `datetime` in UTC, or a `timedelta`.
pub fn to_py(py: Python<'_>, kind: TimeType, micros: i64) -> PyResult<Bound<'_, PyAny>> {
    let (days, rest) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    let delta = PyDelta::new(py, small(days)?, small(rest / 1_000_000)?, small(rest % 1_000_000)?, false)?;
    match kind {
        TimeType::Timedelta => Ok(delta.into_any()),
        TimeType::Datetime => epoch(py)?.add(delta),
    }
}

fn small(value: i64) -> PyResult<i32> {
    Ok(i32::try_from(value)?)
}

/// The microseconds of an object that is a `datetime` or a `timedelta`.
pub fn micros(value: &Bound<'_, PyAny>) -> PyResult<Option<(TimeType, i64)>> {
    let py = value.py();
    let (kind, delta) = if value.is_instance(datetime(py)?)? {
        (TimeType::Datetime, value.sub(epoch(py)?)?)
    } else if value.is_instance_of::<PyDelta>() {
        (TimeType::Timedelta, value.clone())
    } else {
        return Ok(None);
    };
    let count = delta.floor_div(PyDelta::new(py, 0, 0, 1, false)?)?.extract()?;
    let held = kind.checked(count).map_err(|error| PyValueError::new_err(message(error)))?;
    Ok(Some((kind, held)))
}

fn datetime(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, "datetime", "datetime")
}

/// 1970-01-01T00:00:00Z.
fn epoch(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static EPOCH: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let found = EPOCH.get_or_try_init(py, || {
        let zone = py.import("datetime")?.getattr("timezone")?.getattr("utc")?;
        datetime(py)?.call1((1970, 1, 1, 0, 0, 0, 0, zone)).map(Bound::unbind)
    })?;
    Ok(found.bind(py))
}

fn message(error: NotTime) -> &'static str {
    let (NotTime::Invalid(why) | NotTime::Range(why) | NotTime::ClockChange(why)) = error;
    why
}

/// A name of a column type, with its options, is one; raises `ValueError` if not.
#[pyfunction]
pub fn check_column_type(text: &str) -> PyResult<()> {
    ColumnType::named(text).map(|_| ()).map_err(|failed| error(&failed))
}

/// A checksum of the rules of a time zone, and the version of the database.
#[pyfunction]
pub fn time_zone(name: &str) -> PyResult<(u32, &'static str)> {
    let zone =
        Zone::named(name).ok_or_else(|| PyValueError::new_err(format!("there is no time zone {name:?}")))?;
    Ok((zone.rules(), Zone::database()))
}

/// Seconds as the nearest microseconds, 0 for what is none, and which are none.
#[pyfunction]
pub fn micros_of_floats<'py>(
    py: Python<'py>,
    kind: &str,
    seconds: PyReadonlyArray1<'py, f64>,
) -> PyResult<Counts<'py>> {
    let (kind, seconds) = (time_type(kind)?, seconds.as_slice()?);
    Ok(counts(py, seconds.iter().map(|&second| time::nearest_micros(second, kind))))
}

/// Seconds as microseconds, 0 for what is none, and which are none.
#[pyfunction]
pub fn micros_of_decimals<'py>(
    py: Python<'py>,
    kind: &str,
    seconds: DecimalArray<'py>,
) -> PyResult<Counts<'py>> {
    let kind = time_type(kind)?;
    Ok(counts(py, seconds.decimals()?.iter().map(|second| time::of_seconds(second, kind))))
}

/// Texts of ISO 8601 as microseconds, 0 for what is none, and which are none.
#[pyfunction]
pub fn micros_of_texts<'py>(py: Python<'py>, kind: &str, texts: Vec<String>) -> PyResult<Counts<'py>> {
    let parse = match time_type(kind)? {
        TimeType::Datetime => |text: &str| time::parse_datetime(text.as_bytes(), None),
        TimeType::Timedelta => |text: &str| time::parse_timedelta(text.as_bytes()),
    };
    Ok(counts(py, texts.iter().map(|text| parse(text))))
}

fn counts(py: Python<'_>, found: impl Iterator<Item = Result<i64, NotTime>>) -> Counts<'_> {
    let (micros, none): (Vec<_>, Vec<_>) =
        found.map(|found| (found.unwrap_or_default(), found.is_err())).unzip();
    (micros.into_pyarray(py), none.into_pyarray(py))
}

/// Times in seconds, as decimals.
#[pyfunction]
pub fn time_decimals<'py>(py: Python<'py>, times: TimeArray<'py>) -> PyResult<Bound<'py, PyArray2<i64>>> {
    let words = times.micros()?.iter().map(|&micros| Decimal::of_micros(micros).to_words()).collect();
    decimals::array(py, words)
}

/// Times as texts of ISO 8601.
#[pyfunction]
pub fn time_texts(times: TimeArray<'_>) -> PyResult<Vec<String>> {
    let write = match times.kind {
        TimeType::Datetime => time::write_datetime,
        TimeType::Timedelta => time::write_timedelta,
    };
    let text = |micros: &i64| {
        let mut text = Vec::new();
        write(*micros, &mut text);
        String::from_utf8_lossy(&text).into_owned()
    };
    Ok(times.micros()?.iter().map(text).collect())
}
