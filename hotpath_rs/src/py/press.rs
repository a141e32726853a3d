//! `Press`, `QrCode`, `base64_lines`.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::{Result, bad_argument};
use crate::press::{FaceSource, Press, Sheet};
use crate::qr::Qr;

#[pyclass(frozen, name = "Press", module = "hotpath_rs")]
struct PyPress(Press);

#[pymethods]
impl PyPress {
    #[new]
    fn new(py: Python<'_>, faces: Vec<(PathBuf, u32, Vec<String>)>) -> Result<Self> {
        let source = |(path, index, scripts)| FaceSource { path, index, scripts };
        py.detach(|| Press::new(faces.into_iter().map(source).collect())).map(Self)
    }

    fn print<'py>(&self, py: Python<'py>, sheet_json: &[u8]) -> Result<Bound<'py, PyBytes>> {
        let document = py.detach(|| {
            let sheet: Sheet =
                serde_json::from_slice(sheet_json).map_err(|error| bad_argument(error.to_string()))?;
            self.0.print(&sheet)
        })?;
        Ok(PyBytes::new(py, &document))
    }
}

#[pyclass(frozen, name = "QrCode", module = "hotpath_rs")]
struct PyQrCode(Arc<Qr>);

#[pymethods]
impl PyQrCode {
    #[new]
    fn new(text: &str) -> Result<Self> {
        Qr::recent(text).map(Self)
    }

    fn svg<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.svg().as_bytes())
    }

    fn png<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.0.png()?))
    }
}

#[pyfunction]
fn base64_lines<'py>(py: Python<'py>, data: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &crate::base64_lines::base64_lines(data))
}

/// Add them to the module.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyPress>()?;
    module.add_class::<PyQrCode>()?;
    module.add_function(wrap_pyfunction!(base64_lines, module)?)
}
