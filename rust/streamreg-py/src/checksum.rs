//! The checksum over what is stored.

use pyo3::prelude::*;

#[pyfunction]
#[pyo3(signature = (data, start=0))]
pub fn crc32(py: Python<'_>, data: &[u8], start: u32) -> u32 {
    py.detach(|| streamreg_core::checksum::crc32(start, data))
}
