//! What Python sees alike of classes, whatever sums are kept of each, written once.

/// The methods of a state of classes: a class around a [`Guarded`](crate::guarded::Guarded)
/// [`ByLabel`](streamreg_core::classes::ByLabel).
macro_rules! labelled {
    ($name:ident) => {
        #[pymethods]
        impl $name {
            fn add(
                &self,
                py: Python<'_>,
                labels: Vec<Label>,
                codes: PyReadonlyArray1<'_, i64>,
                columns: Vec<NumberArray<'_>>,
            ) -> PyResult<()> {
                let (labels, codes, columns) = (plain(labels), codes.as_slice()?, numbers(&columns)?);
                self.0.run(py, |own| own.add(Labelled { labels: &labels, codes, columns: &columns }))
            }

            fn remove(
                &self,
                py: Python<'_>,
                labels: Vec<Label>,
                codes: PyReadonlyArray1<'_, i64>,
                columns: Vec<NumberArray<'_>>,
            ) -> PyResult<()> {
                let (labels, codes, columns) = (plain(labels), codes.as_slice()?, numbers(&columns)?);
                self.0.run(py, |own| own.remove(Labelled { labels: &labels, codes, columns: &columns }))
            }

            fn check_possible(&self, py: Python<'_>) -> PyResult<()> {
                let own = self.0.copy(py)?;
                py.detach(|| own.check_possible()).map_err(|error| to_py(&error))
            }

            #[pyo3(signature = (what, unbiased=false, smoothing=0.0))]
            fn describe<'py>(
                &self,
                py: Python<'py>,
                what: &str,
                unbiased: bool,
                smoothing: f64,
            ) -> PyResult<Bound<'py, PyAny>> {
                described(py, self.0.copy(py)?, what, unbiased, smoothing)
            }

            #[pyo3(signature = (method, priors=None, unbiased=false, singular="null", smoothing=0.0))]
            fn discriminant<'py>(
                &self,
                py: Python<'py>,
                method: &str,
                priors: Option<Vec<f64>>,
                unbiased: bool,
                singular: &str,
                smoothing: f64,
            ) -> PyResult<Bound<'py, PyAny>> {
                let model = model(method, unbiased, singular, smoothing)?;
                solved(py, self.0.copy(py)?, &model, priors.as_deref())
            }
        }
    };
}

pub(crate) use labelled;
