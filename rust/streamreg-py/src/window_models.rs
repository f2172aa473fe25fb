//! The models of single windows: those that rows are scored by, and those that are opened alone.

use crate::classes::Classes;
use crate::keyed::{KeyedResults, Keys, key_columns, present};
use crate::reduce::{Reduction, statistics};
use crate::windows::{Span, WindowReduction, to_object};
use crate::write::object;
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use streamreg_core::reduce::KeyCell;
use streamreg_core::windows as core;

/// Of rows which instance each is of, and the classes of each instance.
type Closed<'py> = (Bound<'py, PyArray1<i64>>, Vec<Option<Classes>>);

/// A window of what is kept, as it was when it was taken out.
#[pyclass(module = "streamreg._core", frozen)]
pub struct KeptWindow(core::KeptWindow);

#[pymethods]
impl KeptWindow {
    #[getter]
    fn span<'py>(&self, py: Python<'py>) -> PyResult<Option<Span<'py>>> {
        let times = |(start, end)| Ok((to_object(py, start)?, to_object(py, end)?));
        self.0.span.map(times).transpose()
    }

    #[getter]
    fn closed(&self) -> bool {
        self.0.closed
    }
}

#[pymethods]
impl WindowReduction {
    fn class_results(
        &self,
        py: Python<'_>,
        statistics: Vec<Bound<'_, PyTuple>>,
        aggregates: Vec<usize>,
        start: usize,
        end: usize,
    ) -> PyResult<(KeyedResults, Vec<Vec<Classes>>)> {
        let statistics = self::statistics(&statistics)?;
        let mut found = self.0.run(py, |own| own.class_results(&statistics, &aggregates, start..end))?;
        let classes = std::mem::take(&mut found.classes);
        let classes = classes.into_iter().map(|of| of.into_iter().map(Classes::of).collect()).collect();
        Ok((KeyedResults::of(py, found)?, classes))
    }

    fn most_labels(&self, py: Python<'_>) -> PyResult<usize> {
        self.0.with(py, |own| own.most_labels())
    }

    fn closed_classes<'py>(
        &self,
        py: Python<'py>,
        aggregate: usize,
        instances: Keys<'py>,
        rows: usize,
    ) -> PyResult<Closed<'py>> {
        let instances = present(&instances)?;
        let instances = key_columns(&instances);
        let (codes, found) = self.0.run(py, |own| own.closed_classes(aggregate, &instances, rows))?;
        Ok((codes.into_pyarray(py), found.into_iter().map(|of| of.map(Classes::of)).collect()))
    }

    fn windows(&self, py: Python<'_>, instance: Keys<'_>) -> PyResult<Vec<KeptWindow>> {
        let cells = present(&instance)?;
        let cells = key_columns(&cells);
        Ok(self.0.run(py, |own| own.windows(&cells))?.into_iter().map(KeptWindow).collect())
    }

    fn instances<'py>(&self, py: Python<'py>, most: usize) -> PyResult<Vec<Vec<Bound<'py, PyAny>>>> {
        let found = self.0.run(py, |own| own.instances(most))?.into_iter();
        let cells = |cells: Vec<KeyCell>| cells.into_iter().map(|cell| object(py, &cell.into())).collect();
        found.map(cells).collect()
    }

    fn stored_cells<'py>(&self, py: Python<'py>, key: &[u8]) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let cells = self.0.run(py, |own| own.stored_cells(key))?;
        cells.into_iter().map(|cell| object(py, &cell)).collect()
    }

    fn single(&self, py: Python<'_>, window: &KeptWindow) -> PyResult<Reduction> {
        Ok(Reduction::of(self.0.run(py, |own| own.single(&window.0))?))
    }

    fn classes(&self, py: Python<'_>, window: &KeptWindow, aggregate: usize) -> PyResult<Classes> {
        Ok(Classes::of(self.0.run(py, |own| own.classes(&window.0, aggregate))?))
    }
}
