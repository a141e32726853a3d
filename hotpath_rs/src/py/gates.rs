//! `ScanBatch`, `ScanTerms`, `ScansJudged`, `ScanPack`: an upload, judged without the GIL.

use std::sync::{Mutex, MutexGuard};

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use super::keys::PyEventKeys;
use crate::error::{Result, bad_argument};
use crate::gates::{Batch, JSON_SCANS_MAX, Judged, LINES_MAX, Pack, Scanner, Terms};

#[pyclass(frozen, name = "ScanTerms", module = "hotpath_rs")]
struct PyTerms(Terms);

#[pymethods]
impl PyTerms {
    #[new]
    fn new(document: &[u8]) -> Result<Self> {
        serde_json::from_slice(document).map(Self).map_err(|error| bad_argument(format!("terms: {error}")))
    }
}

#[pyclass(frozen, name = "ScanPack", module = "hotpath_rs")]
struct PyPack(Pack);

#[pymethods]
impl PyPack {
    #[new]
    fn new(py: Python<'_>, body: &[u8]) -> Result<Self> {
        py.detach(|| Pack::open(body.to_vec()).map(Self))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn given<'py>(&self, py: Python<'py>, nonce: &str) -> Result<Option<Bound<'py, PyBytes>>> {
        Ok(self.0.given(nonce)?.map(|(_, answer)| PyBytes::new(py, &answer)))
    }

    fn rows(&self, py: Python<'_>, start: usize, end: usize) -> Result<String> {
        py.detach(|| {
            String::from_utf8(self.0.rows(start, end)?).map_err(|_| bad_argument("rows that are no UTF-8"))
        })
    }
}

#[pyclass(frozen, get_all, name = "ScansJudged", module = "hotpath_rs")]
struct PyJudged {
    lines: usize,
    moves: usize,
    alike: bool,
    pack: Py<PyBytes>,
    columns: Vec<String>,
    names: String,
    taken: Py<PyBytes>,
    free: Vec<u32>,
}

impl PyJudged {
    fn of(py: Python<'_>, judged: Judged) -> Self {
        let Judged { lines, pack, moves, alike, columns, names, taken, free } = judged;
        let (pack, taken) = (PyBytes::new(py, &pack).unbind(), PyBytes::new(py, &taken).unbind());
        Self { lines, moves, alike, pack, columns, names, taken, free }
    }
}

#[pyclass(frozen, name = "ScanBatch", module = "hotpath_rs")]
struct PyBatch(Mutex<Batch>);

impl PyBatch {
    fn batch(&self) -> MutexGuard<'_, Batch> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[pymethods]
impl PyBatch {
    #[staticmethod]
    fn of_lines(py: Python<'_>, raw: PyBackedBytes, received_us: i64) -> Option<Self> {
        py.detach(|| Batch::of_lines(&raw, received_us).map(|batch| Self(Mutex::new(batch))))
    }

    #[staticmethod]
    fn of_json(py: Python<'_>, raw: PyBackedBytes, received_us: i64) -> Option<Self> {
        py.detach(|| Batch::of_json(&raw, received_us).map(|batch| Self(Mutex::new(batch))))
    }

    #[staticmethod]
    fn blank(scans: usize, received_us: i64) -> Result<Self> {
        Batch::blank(scans, received_us).map(|batch| Self(Mutex::new(batch)))
    }

    fn __len__(&self) -> usize {
        self.batch().len()
    }

    #[getter]
    fn defaults(&self) -> (i64, Option<i64>) {
        self.batch().defaults()
    }

    #[getter]
    fn odd<'py>(&self, py: Python<'py>) -> Vec<(usize, Bound<'py, PyBytes>)> {
        self.batch().odd().iter().map(|(place, raw)| (*place, PyBytes::new(py, raw))).collect()
    }

    #[getter]
    fn says_when(&self) -> bool {
        self.batch().says_when()
    }

    #[pyo3(signature = (place, *, code, nonce, gate, scanned_us, is_exit, offline, offset_ms, cursor))]
    #[allow(clippy::too_many_arguments)]
    fn put(
        &self,
        place: usize,
        code: Option<&str>,
        nonce: Option<&str>,
        gate: Option<&str>,
        scanned_us: Option<i64>,
        is_exit: bool,
        offline: Option<bool>,
        offset_ms: i64,
        cursor: Option<i64>,
    ) -> Result<()> {
        self.batch().put(place, code, nonce, gate, scanned_us, is_exit, offline, offset_ms, cursor)
    }

    #[pyo3(signature = (keys, *, device_id, shown_name, default_gate, bundle_us, revoked_us, cursor_seq))]
    #[allow(clippy::too_many_arguments)]
    fn place(
        &self,
        py: Python<'_>,
        keys: &PyEventKeys,
        device_id: String,
        shown_name: String,
        default_gate: Option<String>,
        bundle_us: Option<i64>,
        revoked_us: Option<i64>,
        cursor_seq: i64,
    ) -> Result<()> {
        let scanner = Scanner { device_id, shown_name, default_gate, bundle_us, revoked_us, cursor_seq };
        py.detach(|| self.batch().place(&keys.0, scanner))
    }

    fn nonces(&self, py: Python<'_>, start: usize, end: usize) -> Option<String> {
        py.detach(|| self.batch().nonces(start, end))
    }

    fn given(&self, py: Python<'_>, records: &[u8]) -> Result<()> {
        py.detach(|| self.batch().given(records))
    }

    fn given_in(&self, py: Python<'_>, pack: &PyPack, start: usize, end: usize) -> Result<()> {
        py.detach(|| self.batch().given_in(&pack.0, start, end))
    }

    fn units(&self, py: Python<'_>, start: usize, end: usize) -> Option<String> {
        py.detach(|| self.batch().units(start, end))
    }

    fn judge(
        &self,
        py: Python<'_>,
        start: usize,
        end: usize,
        records: &[u8],
        terms: &PyTerms,
    ) -> Result<PyJudged> {
        let judged = py.detach(|| self.batch().judge(start, end, records, &terms.0))?;
        Ok(PyJudged::of(py, judged))
    }

    fn commit(&self) {
        self.batch().commit();
    }

    fn answer<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        let answer = py.detach(|| self.batch().answer())?;
        Ok(PyBytes::new(py, &answer))
    }
}

/// Add the classes and the sizes of an upload.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyTerms>()?;
    module.add_class::<PyPack>()?;
    module.add_class::<PyJudged>()?;
    module.add_class::<PyBatch>()?;
    module.add("JSON_SCANS_MAX", JSON_SCANS_MAX)?;
    module.add("SCAN_LINES_MAX", LINES_MAX)
}
