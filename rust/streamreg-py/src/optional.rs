//! Columns of which some values are missing.

use crate::arrays::NumberArray;
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use streamreg_core::column::Numbers;

/// A column, or an object of its `values` and a mask of those that are `missing`.
pub struct Optional<'py, A> {
    pub values: A,
    mask: Option<PyReadonlyArray1<'py, bool>>,
}

impl<'a, 'py, A> FromPyObject<'a, 'py> for Optional<'py, A>
where
    A: for<'b> FromPyObject<'b, 'py, Error = PyErr>,
{
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match object.extract() {
            Ok(values) => Ok(Self { values, mask: None }),
            Err(error) => {
                let Some(mask) = object.getattr_opt("missing")? else { return Err(error) };
                Ok(Self { values: object.getattr("values")?.extract()?, mask: Some(mask.extract()?) })
            }
        }
    }
}

impl<A> Optional<'_, A> {
    /// Which values are missing; `None` if none is. An error if the mask does not lie plainly.
    pub fn missing(&self) -> PyResult<Option<&[bool]>> {
        Ok(match &self.mask {
            Some(mask) => Some(mask.as_slice()?),
            None => None,
        })
    }
}

/// The inputs of a reduction.
pub type Inputs<'py> = Vec<Optional<'py, NumberArray<'py>>>;

/// Of each column which values are missing; `None` if none is.
type Masks<'a> = Vec<Option<&'a [bool]>>;

/// Their numbers, and of each which are missing; nothing if none is.
pub fn numbers<'a>(inputs: &'a Inputs<'_>) -> PyResult<(Vec<Numbers<'a>>, Masks<'a>)> {
    let numbers = inputs.iter().map(|input| input.values.numbers()).collect::<PyResult<_>>()?;
    let missing: Vec<_> = inputs.iter().map(Optional::missing).collect::<PyResult<_>>()?;
    Ok((numbers, if missing.iter().any(Option::is_some) { missing } else { Vec::new() }))
}

/// The names of types, without what stands behind those whose values can be missing, and which these are.
pub fn types(names: &[String]) -> (Vec<&str>, Vec<usize>) {
    let optional = names.iter().enumerate().filter(|(_, name)| held(name).1).map(|(at, _)| at).collect();
    (names.iter().map(|name| held(name).0).collect(), optional)
}

/// The name of a type without what stands behind one whose values can be missing, and whether it is one.
pub fn held(name: &str) -> (&str, bool) {
    name.strip_suffix(" | None").map_or((name, false), |held| (held, true))
}
