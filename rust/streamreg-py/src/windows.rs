//! The aggregates of rows by windows of time.

use std::collections::BTreeMap;

use crate::arrays::{NumberArray, numbers};
use crate::errors::to_py;
use crate::guarded::Guarded;
use crate::infer::{Columns, residuals};
use crate::keyed::{KeyedResults, Keys, key_columns, key_type, present};
use crate::optional::{self, Inputs, Optional};
use crate::reduce::{Asked, aggregate, number_type, regression, statistics};
use crate::tracked_map::tracked;
use crate::write::object;
use numpy::PyReadonlyArray1;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};
use streamreg_core::column::Numbers;
use streamreg_core::reduce::Observations;
use streamreg_core::time::TimeType;
use streamreg_core::windows::{self as core, Moment, Spec, TimeKind, Times, Watermark, Window};

/// Two times as Python has them, the lesser one first.
pub type Span<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// A time as Python has it: an integer, which microseconds are too, or a float.
#[derive(FromPyObject)]
enum Time {
    Int(i64),
    Float(f64),
}

impl Time {
    /// As a time of a column of this kind.
    fn of(&self, kind: TimeKind) -> PyResult<Moment> {
        match (kind, self) {
            (TimeKind::Int | TimeKind::Datetime, Self::Int(value)) => Ok(Moment::Int(*value)),
            // Only as far as doubles have every integer.
            (TimeKind::Float, Self::Int(value)) if value.unsigned_abs() <= 1 << 53 => {
                #[allow(clippy::cast_precision_loss, reason = "exact, as was checked")]
                let value = *value as f64;
                Ok(Moment::Float(value))
            }
            (TimeKind::Float, Self::Float(value)) => Ok(Moment::Float(*value)),
            (_, Self::Int(value)) => {
                Err(PyValueError::new_err(format!("no such time among floats: {value}")))
            }
            (_, Self::Float(value)) => {
                Err(PyValueError::new_err(format!("no such time among integers: {value}")))
            }
        }
    }
}

/// The same of one that may be missing.
fn maybe(time: Option<Time>, kind: TimeKind) -> PyResult<Option<Moment>> {
    time.map(|time| time.of(kind)).transpose()
}

pub fn to_object(py: Python<'_>, moment: Moment) -> PyResult<Bound<'_, PyAny>> {
    match moment {
        Moment::Int(value) => Ok(value.into_pyobject(py)?.into_any()),
        Moment::Float(value) => Ok(value.into_pyobject(py)?.into_any()),
    }
}

#[pyclass(module = "streamreg._core", frozen)]
pub struct RowTimes(core::RowTimes);

#[pymethods]
impl RowTimes {
    #[new]
    #[pyo3(signature = (times, partitions, watermarks, offsets=None, bounds=None))]
    fn new(
        py: Python<'_>,
        times: Optional<'_, NumberArray<'_>>,
        partitions: PyReadonlyArray1<'_, i32>,
        watermarks: BTreeMap<i32, Time>,
        offsets: Option<PyReadonlyArray1<'_, i64>>,
        bounds: Option<(Time, Time)>,
    ) -> PyResult<Self> {
        let missing = times.missing()?;
        let (kind, times) = match times.values.numbers()? {
            Numbers::Int(values) => (TimeKind::Int, Times::Int(values)),
            Numbers::Float(values) => (TimeKind::Float, Times::Float(values)),
            Numbers::Time(TimeType::Datetime, values) => (TimeKind::Datetime, Times::Datetime(values)),
            _ => return Err(PyTypeError::new_err("times are integers, floats or datetimes")),
        };
        let watermarks = watermarks
            .iter()
            .map(|(&partition, time)| Ok((partition, time.of(kind)?)))
            .collect::<PyResult<Vec<_>>>()?;
        let bounds = match bounds {
            Some((least, greatest)) => Some((least.of(kind)?, greatest.of(kind)?)),
            None => None,
        };
        let partitions = partitions.as_slice()?;
        let offsets = offsets.as_ref().map(PyReadonlyArray1::as_slice).transpose()?;
        let made = py.detach(|| {
            let made = core::RowTimes::new(times, partitions, &watermarks, offsets, bounds)?;
            match missing {
                Some(missing) => made.without(missing),
                None => Ok(made),
            }
        });
        made.map(Self).map_err(|error| to_py(&error))
    }

    fn watermarks<'py>(&self, py: Python<'py>) -> PyResult<BTreeMap<i32, Span<'py>>> {
        let found = py.detach(|| self.0.watermarks());
        let times = |one: &Watermark| {
            Ok::<Span<'_>, PyErr>((to_object(py, one.least)?, to_object(py, one.greatest)?))
        };
        found.iter().map(|one| Ok((one.partition, times(one)?))).collect()
    }
}

#[pyclass(frozen, get_all, module = "streamreg._core")]
pub struct WindowPartial {
    state: Py<PyBytes>,
    late: Py<PyList>,
    outside: Vec<u32>,
}

#[pyclass(module = "streamreg._core", frozen)]
pub struct WindowReduction(pub(crate) Guarded<core::WindowReduction>, TimeKind);

tracked!(WindowReduction);

#[pymethods]
impl WindowReduction {
    #[new]
    #[pyo3(signature = (keys, inputs, aggregates, time, window, delay, cutoff, r#final, keep_closed=false, labelled=false))]
    #[allow(clippy::too_many_arguments, reason = "each is an argument in Python")]
    fn new(
        keys: Vec<String>,
        inputs: Vec<String>,
        aggregates: Vec<Bound<'_, PyTuple>>,
        time: &str,
        window: Bound<'_, PyTuple>,
        delay: Option<Time>,
        cutoff: Option<Time>,
        r#final: bool,
        keep_closed: bool,
        labelled: bool,
    ) -> PyResult<Self> {
        let ((keys, optional_keys), (inputs, optional)) = (optional::types(&keys), optional::types(&inputs));
        let keys = keys.into_iter().map(key_type).collect::<PyResult<Vec<_>>>()?;
        let inputs = inputs.into_iter().map(number_type).collect::<PyResult<Vec<_>>>()?;
        let aggregates = aggregates.iter().map(aggregate).collect::<PyResult<Vec<_>>>()?;
        let (time, untimed) = optional::held(time);
        let kind = time_kind(time)?;
        let spec = Spec {
            window: self::window(&window, kind)?,
            delay: maybe(delay, kind)?,
            cutoff: maybe(cutoff, kind)?,
            is_final: r#final,
            keep_closed,
            labelled,
        };
        let own = core::WindowReduction::with_missing(
            (&keys, &optional_keys),
            (&inputs, &optional),
            aggregates,
            (kind, untimed),
            spec,
        );
        Ok(Self(Guarded::new(own.map_err(|error| to_py(&error))?), kind))
    }

    fn bounds<'py>(&self, py: Python<'py>) -> PyResult<Span<'py>> {
        let (least, greatest) = self.0.with(py, |own| own.bounds())?;
        Ok((to_object(py, least)?, to_object(py, greatest)?))
    }

    fn partial<'py>(
        &self,
        py: Python<'py>,
        keys: Keys<'py>,
        times: &RowTimes,
        columns: Inputs<'py>,
        rows: usize,
    ) -> PyResult<WindowPartial> {
        let keys = present(&keys)?;
        let keys = key_columns(&keys);
        let (numbers, missing) = optional::numbers(&columns)?;
        let found =
            self.0.run(py, |own| own.partial_with_missing(&keys, &times.0, &numbers, &missing, rows))?;
        let late = found.aside.late.into_iter();
        let late =
            late.map(|(row, before)| Ok((row, to_object(py, before)?))).collect::<PyResult<Vec<_>>>()?;
        Ok(WindowPartial {
            state: PyBytes::new(py, &found.state).unbind(),
            late: PyList::new(py, late)?.unbind(),
            outside: found.aside.outside,
        })
    }

    fn late(&self, py: Python<'_>, time: Time, watermark: Time) -> PyResult<bool> {
        let (time, watermark) = (time.of(self.1)?, watermark.of(self.1)?);
        self.0.run(py, |own| own.late(time, watermark))
    }

    fn merge(&self, py: Python<'_>, state: &[u8]) -> PyResult<()> {
        self.0.run(py, |own| own.merge(state))
    }

    fn horizon<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.with(py, |own| own.horizon())?.map(|found| to_object(py, found)).transpose()
    }

    fn next_close<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.with(py, |own| own.next_close())?.map(|found| to_object(py, found)).transpose()
    }

    fn resume(&self, py: Python<'_>, time: Option<Time>) -> PyResult<()> {
        let time = maybe(time, self.1)?;
        self.0.run(py, |own| own.resume(time))
    }

    fn due(&self, py: Python<'_>, time: Option<Time>) -> PyResult<usize> {
        let time = maybe(time, self.1)?;
        self.0.run(py, |own| own.due(time))
    }

    fn results(
        &self,
        py: Python<'_>,
        statistics: Vec<Bound<'_, PyTuple>>,
        start: usize,
        end: usize,
    ) -> PyResult<KeyedResults> {
        let statistics = self::statistics(&statistics)?;
        KeyedResults::of(py, self.0.run(py, |own| own.results(&statistics, start..end))?)
    }

    fn close<'py>(&self, py: Python<'py>, time: Option<Time>) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let time = maybe(time, self.1)?;
        let closed = self.0.run(py, |own| own.close(time))?;
        Ok(closed.iter().map(|key| PyBytes::new(py, key)).collect())
    }

    fn open_windows(&self, py: Python<'_>) -> PyResult<usize> {
        self.0.run(py, core::WindowReduction::open_windows)
    }

    fn cells<'py>(&self, py: Python<'py>, key: &[u8]) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let cells = self.0.run(py, |own| own.cells(key))?;
        cells.into_iter().map(|cell| object(py, &cell)).collect()
    }

    fn excluded(&self, py: Python<'_>) -> PyResult<Vec<i128>> {
        self.0.with(py, |own| own.excluded().to_vec())
    }

    fn limbs(&self, py: Python<'_>) -> PyResult<Vec<usize>> {
        self.0.run(py, core::WindowReduction::limbs)
    }

    fn freeze(&self, py: Python<'_>) -> PyResult<()> {
        self.0.with(py, core::WindowReduction::freeze)
    }

    #[pyo3(signature = (regression, keys, features, target, weights=None))]
    fn scores<'py>(
        &self,
        py: Python<'py>,
        regression: (usize, Asked),
        keys: Keys<'py>,
        features: Vec<NumberArray<'py>>,
        target: NumberArray<'py>,
        weights: Option<NumberArray<'py>>,
    ) -> PyResult<Columns<'py>> {
        let (aggregate, regression) = self::regression(regression)?;
        let keys = present(&keys)?;
        let keys = key_columns(&keys);
        let (features, target) = (numbers(&features)?, target.numbers()?);
        let weights = weights.as_ref().map(NumberArray::numbers).transpose()?;
        let rows = Observations { features: &features, target, weights };
        Ok(residuals(py, self.0.run(py, |own| own.scores(aggregate, &regression, &keys, rows))?))
    }
}

fn time_kind(name: &str) -> PyResult<TimeKind> {
    match name {
        "int" => Ok(TimeKind::Int),
        "float" => Ok(TimeKind::Float),
        "datetime" => Ok(TimeKind::Datetime),
        other => Err(PyValueError::new_err(format!("there are no times of type {other:?}"))),
    }
}

/// The windows that a tuple stands for.
fn window(spec: &Bound<'_, PyTuple>, kind: TimeKind) -> PyResult<Window> {
    let name: String = spec.get_item(0)?.extract()?;
    let time = |at| spec.get_item(at)?.extract::<Time>()?.of(kind);
    match name.as_str() {
        "grid" => Ok(Window::Grid { origin: time(1)?, hop: time(2)?, duration: time(3)? }),
        "session" => Ok(Window::Session { max_gap: time(1)? }),
        "last" => Ok(Window::Last { rows: spec.get_item(1)?.extract()? }),
        other => Err(PyValueError::new_err(format!("there are no windows of kind {other:?}"))),
    }
}
