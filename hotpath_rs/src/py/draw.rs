//! The draw, for Python: bytes in, bytes out, the GIL released around whatever takes long.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBytes, PyString, PyTuple};

use crate::draw::{self, COHORT_MAX, DrawReport, ROUNDS};
use crate::error::{Result, bad_argument};
use crate::sha256::Digest;

/// Most tickets checked against one bundle.
const TICKETS_MAX: usize = 10_000;

#[pyfunction]
fn shuffle_index(seed: &[u8], index: u32, count: u32) -> Result<u32> {
    draw::shuffle_index(&digest("seed", seed)?, index, count)
}

#[pyfunction]
fn unshuffle_index(seed: &[u8], number: u32, count: u32) -> Result<u32> {
    draw::unshuffle_index(&digest("seed", seed)?, number, count)
}

#[pyfunction]
fn shuffle_all<'py>(py: Python<'py>, seed: &[u8], count: u32) -> PyResult<Bound<'py, PyBytes>> {
    let seed = digest("seed", seed)?;
    let numbers = py.detach(|| draw::shuffle_all(&seed, count))?;
    PyBytes::new_with(py, numbers.len() * 4, |packed| {
        for (bytes, number) in packed.as_chunks_mut::<4>().0.iter_mut().zip(&numbers) {
            *bytes = number.to_le_bytes();
        }
        Ok(())
    })
}

#[pyfunction]
fn merkle_root<'py>(py: Python<'py>, digests: &[u8], digest_len: usize) -> Result<Bound<'py, PyBytes>> {
    let root = py.detach(|| draw::merkle_root(digests, digest_len))?;
    Ok(PyBytes::new(py, &root))
}

#[pyfunction]
fn draw_seed<'py>(
    py: Python<'py>,
    secret: &[u8],
    root: &[u8],
    count: u64,
    beacon: &[u8],
) -> Result<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, &draw::draw_seed(secret, &digest("root", root)?, count, beacon)?))
}

#[pyfunction]
#[pyo3(signature = (bundle_json, *tickets))]
fn verify_draw(py: Python<'_>, bundle_json: &[u8], tickets: &Bound<'_, PyTuple>) -> PyResult<PyDrawReport> {
    if tickets.len() > TICKETS_MAX {
        return Err(bad_argument(format!("at most {TICKETS_MAX} tickets in one call")).into());
    }
    let texts = tickets.iter().map(|ticket| Ok(ticket.cast_into::<PyString>()?.try_into().ok()));
    let texts: Vec<Option<PyBackedStr>> = texts.collect::<PyResult<_>>()?;
    // A string that is no Unicode text reads as empty, which is no queue ticket.
    let texts: Vec<&str> = texts.iter().map(|text| text.as_deref().unwrap_or_default()).collect();
    Ok(PyDrawReport(py.detach(|| draw::verify_draw(bundle_json, &texts))?))
}

#[pyclass(frozen, name = "DrawReport", module = "hotpath_rs")]
struct PyDrawReport(DrawReport);

#[pymethods]
impl PyDrawReport {
    #[getter]
    fn event_id(&self) -> &str {
        &self.0.event_id
    }
    #[getter]
    fn cohort_size(&self) -> u32 {
        self.0.cohort_size
    }
    #[getter]
    fn seed(&self) -> &[u8] {
        &self.0.seed
    }
    #[getter]
    fn merkle_root(&self) -> &[u8] {
        &self.0.merkle_root
    }
    #[getter]
    fn beacon(&self) -> &str {
        &self.0.beacon
    }
    #[getter]
    fn duplicate_identities(&self) -> u32 {
        self.0.duplicate_identities
    }
    #[getter]
    fn tickets(&self) -> Vec<(u32, u32)> {
        self.0.tickets.iter().map(|ticket| (ticket.index, ticket.number)).collect()
    }
    fn __repr__(&self) -> String {
        format!("DrawReport(event_id={:?}, cohort_size={})", self.0.event_id, self.0.cohort_size)
    }
}

fn digest(name: &str, bytes: &[u8]) -> Result<Digest> {
    bytes.try_into().map_err(|_| bad_argument(format!("{name} must have 32 bytes, not {}", bytes.len())))
}

/// Add the functions, the report and the constants of the draw.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(shuffle_index, module)?)?;
    module.add_function(wrap_pyfunction!(unshuffle_index, module)?)?;
    module.add_function(wrap_pyfunction!(shuffle_all, module)?)?;
    module.add_function(wrap_pyfunction!(merkle_root, module)?)?;
    module.add_function(wrap_pyfunction!(draw_seed, module)?)?;
    module.add_function(wrap_pyfunction!(verify_draw, module)?)?;
    module.add_class::<PyDrawReport>()?;
    module.add("DRAW_ROUNDS", ROUNDS)?;
    module.add("COHORT_MAX", COHORT_MAX)
}
