//! The aggregates of one `reduce` for each key.

use crate::accumulator::reduction;
use crate::arrays::{NumberArray, TimeArray, numbers};
use crate::classes::Classes;
use crate::decode::Text;
use crate::errors::to_py;
use crate::guarded::Guarded;
use crate::infer::{Columns, residuals};
use crate::optional::{self, Inputs, Optional};
use crate::reduce::{Asked, Reduction, aggregate, number_type, regression, statistics};
use crate::tracked_map::tracked;
use crate::write::{Cells, object};
use numpy::PyReadonlyArray1;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};
use streamreg_core::decode::{self, Item};
use streamreg_core::reduce::{self as core, KeyColumn, KeyType, Observations};
use streamreg_core::time::TimeType;
use streamreg_core::write::Cell;

/// A column of keys, borrowed from Python where it can be.
pub enum KeyArray<'py> {
    Bool(PyReadonlyArray1<'py, bool>),
    Int(PyReadonlyArray1<'py, i64>),
    Time(TimeArray<'py>),
    Text(Bound<'py, Text>),
    List(decode::Text),
}

impl<'a, 'py> FromPyObject<'a, 'py> for KeyArray<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(array) = object.extract::<PyReadonlyArray1<'_, i64>>() {
            Ok(Self::Int(array))
        } else if let Ok(array) = object.extract::<PyReadonlyArray1<'_, bool>>() {
            Ok(Self::Bool(array))
        } else if let Ok(array) = object.extract::<TimeArray<'_>>() {
            Ok(Self::Time(array))
        } else if let Ok(text) = object.cast::<Text>() {
            Ok(Self::Text(text.to_owned()))
        } else if let Ok(list) = object.cast::<PyList>() {
            let mut text = decode::Text::strings(list.len());
            for value in list.iter() {
                text.push(Item::Str(value.extract()?)).map_err(|error| to_py(&error))?;
            }
            Ok(Self::List(text))
        } else {
            Err(PyTypeError::new_err(format!("keys cannot be a {}", object.get_type())))
        }
    }
}

impl KeyArray<'_> {
    fn column(&self) -> PyResult<KeyColumn<'_>> {
        Ok(match self {
            Self::Bool(array) => KeyColumn::Bool(array.as_slice()?),
            Self::Int(array) => KeyColumn::Int(array.as_slice()?),
            Self::Time(array) => match array.kind {
                TimeType::Datetime => KeyColumn::Datetime(array.micros()?),
                TimeType::Timedelta => KeyColumn::Timedelta(array.micros()?),
            },
            Self::Text(text) => KeyColumn::Text(&text.get().0),
            Self::List(text) => KeyColumn::Text(text),
        })
    }
}

/// Columns of keys, as Python has them.
pub type Keys<'py> = Vec<Optional<'py, KeyArray<'py>>>;

/// Columns of keys, and of each which are missing.
pub type Present<'a> = Vec<(KeyColumn<'a>, Option<&'a [bool]>)>;

/// Borrows columns of keys.
pub fn present<'a>(keys: &'a Keys<'_>) -> PyResult<Present<'a>> {
    keys.iter().map(|key| Ok((key.values.column()?, key.missing()?))).collect()
}

/// The keys of several columns.
pub fn key_columns<'a>(keys: &'a Present<'a>) -> Vec<KeyColumn<'a>> {
    let column = |(cells, missing): &'a (KeyColumn<'a>, Option<&'a [bool]>)| match *missing {
        Some(missing) => KeyColumn::Optional(cells, missing),
        None => *cells,
    };
    keys.iter().map(column).collect()
}

#[pyclass(module = "streamreg._core", frozen)]
pub struct KeyedReduction(Guarded<core::KeyedReduction>);

reduction!(KeyedReduction);
tracked!(KeyedReduction);

#[pymethods]
impl KeyedReduction {
    #[new]
    fn new(keys: Vec<String>, inputs: Vec<String>, aggregates: Vec<Bound<'_, PyTuple>>) -> PyResult<Self> {
        let ((keys, optional_keys), (inputs, optional)) = (optional::types(&keys), optional::types(&inputs));
        let keys = keys.into_iter().map(key_type).collect::<PyResult<Vec<_>>>()?;
        let inputs = inputs.into_iter().map(number_type).collect::<PyResult<Vec<_>>>()?;
        let aggregates = aggregates.iter().map(aggregate).collect::<PyResult<Vec<_>>>()?;
        let own = core::KeyedReduction::with_missing(&keys, &optional_keys, &inputs, &optional, aggregates);
        Ok(Self(Guarded::new(own.map_err(|error| to_py(&error))?)))
    }

    fn partial<'py>(
        &self,
        py: Python<'py>,
        keys: Keys<'py>,
        columns: Inputs<'py>,
        rows: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let keys = present(&keys)?;
        let keys = key_columns(&keys);
        let (numbers, missing) = optional::numbers(&columns)?;
        let bytes = self.0.run(py, |own| own.partial_with_missing(&keys, &numbers, &missing, rows))?;
        Ok(PyBytes::new(py, &bytes))
    }

    fn key<'py>(&self, py: Python<'py>, cells: Keys<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let cells = present(&cells)?;
        let cells = key_columns(&cells);
        Ok(PyBytes::new(py, &self.0.run(py, |own| own.key(&cells))?))
    }

    fn single(&self, py: Python<'_>, key: &[u8]) -> PyResult<Option<Reduction>> {
        Ok(self.0.run(py, |own| own.single(key))?.map(Reduction::of))
    }

    fn cells<'py>(&self, py: Python<'py>, key: &[u8]) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let cells = self.0.run(py, |own| own.cells(key))?;
        cells.into_iter().map(|cell| object(py, &cell.into())).collect()
    }

    fn limbs(&self, py: Python<'_>) -> PyResult<Vec<usize>> {
        self.0.run(py, core::KeyedReduction::limbs)
    }

    fn results(
        &self,
        py: Python<'_>,
        statistics: Vec<Bound<'_, PyTuple>>,
        start: usize,
        end: usize,
    ) -> PyResult<KeyedResults> {
        let statistics = self::statistics(&statistics)?;
        KeyedResults::of(py, self.0.run(py, |own| own.answers(&statistics, start..end))?)
    }

    fn all_results(&self, py: Python<'_>, statistics: Vec<Bound<'_, PyTuple>>) -> PyResult<KeyedResults> {
        let statistics = self::statistics(&statistics)?;
        KeyedResults::of(py, self.0.run(py, |own| own.all_answers(&statistics))?)
    }

    fn classes(&self, py: Python<'_>, aggregate: usize) -> PyResult<Classes> {
        self.0.run(py, |own| own.classes(aggregate)).map(Classes::of)
    }

    fn split<'py>(&self, py: Python<'py>, parts: usize) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let found = self.0.run(py, |own| own.split(parts))?;
        Ok(found.iter().map(|part| PyBytes::new(py, part)).collect())
    }

    fn freeze(&self, py: Python<'_>) -> PyResult<()> {
        self.0.with(py, core::KeyedReduction::freeze)
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

#[pyclass(frozen, get_all, module = "streamreg._core")]
pub struct KeyedResults {
    keys: Py<PyList>,
    present: Vec<bool>,
    columns: Py<PyList>,
}

impl KeyedResults {
    pub fn of(py: Python<'_>, found: core::KeyedAnswers) -> PyResult<Self> {
        let keys = found.keys.iter().map(|key| PyBytes::new(py, key));
        let columns = PyList::empty(py);
        for cells in found.cells {
            columns.append(Cells(cells.into_iter().map(Cell::from).collect()))?;
        }
        for answers in found.columns {
            columns.append(Cells(answers.into_iter().map(Cell::from).collect()))?;
        }
        Ok(Self {
            keys: PyList::new(py, keys.collect::<Vec<_>>())?.unbind(),
            present: found.present,
            columns: columns.unbind(),
        })
    }
}

/// The type of keys of this name.
pub fn key_type(name: &str) -> PyResult<KeyType> {
    match name {
        "bool" => Ok(KeyType::Bool),
        "int" => Ok(KeyType::Int),
        "str" => Ok(KeyType::Text),
        "datetime" => Ok(KeyType::Datetime),
        "timedelta" => Ok(KeyType::Timedelta),
        other => Err(PyValueError::new_err(format!("there are no keys of type {other:?}"))),
    }
}
