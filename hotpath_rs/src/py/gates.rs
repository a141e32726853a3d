//! `ScanBatch`, `ScanTerms`, `ScansJudged`, `ScanPack`, `ScanRecipe`, `ScanAnswer`, `KnownTickets`: an upload, judged without the GIL.

use std::sync::{Mutex, MutexGuard};

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use super::keys::PyEventKeys;
use crate::error::{Result, bad_argument};
use crate::gates::{Asked, Batch, JSON_SCANS_MAX, Judged, Known, LINES_MAX, Pack, Recipe, Scanner, Terms};

#[pyclass(frozen, name = "ScanTerms", module = "hotpath_rs")]
struct PyTerms(Terms);

#[pymethods]
impl PyTerms {
    #[new]
    fn new(document: &[u8]) -> Result<Self> {
        serde_json::from_slice(document).map(Self).map_err(|error| bad_argument(format!("terms: {error}")))
    }
}

#[pyclass(frozen, name = "KnownTickets", module = "hotpath_rs")]
struct PyKnown(Mutex<Known>);

impl PyKnown {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[pymethods]
impl PyKnown {
    #[new]
    fn new() -> Self {
        Self(Mutex::default())
    }

    fn __len__(&self) -> usize {
        self.known().len()
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
        Ok(self.0.given(nonce)?.map(|answer| PyBytes::new(py, &answer)))
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

    fn open_nonces(&self, start: usize, end: usize) -> usize {
        self.batch().open_nonces(start, end)
    }

    #[pyo3(signature = (start, end, known=None))]
    fn nonces(&self, start: usize, end: usize, known: Option<&[u8]>) -> Option<String> {
        let batch = self.batch();
        match known {
            Some(known) => batch.nonces_among(start, end, known),
            None => batch.nonces(start, end),
        }
    }

    fn given(&self, py: Python<'_>, records: &[u8]) -> Result<()> {
        py.detach(|| self.batch().given(records))
    }

    fn given_in(&self, py: Python<'_>, pack: &PyPack, number: u64, start: usize, end: usize) -> Result<()> {
        py.detach(|| self.batch().given_in(&pack.0, number, start, end))
    }

    #[pyo3(signature = (start, end, known=None))]
    fn units(&self, start: usize, end: usize, known: Option<&PyKnown>) -> Option<String> {
        self.batch().units(start, end, known.map(PyKnown::known).as_deref())
    }

    fn asked(&self) -> Option<([String; 2], usize, [String; 2], usize)> {
        let Asked { tickets, ticket_count, orders, order_count } = self.batch().asked()?;
        Some((tickets, ticket_count, orders, order_count))
    }

    fn distrust(&self, known: &PyKnown) {
        self.batch().distrust(&mut known.known());
    }

    #[pyo3(signature = (start, end, records, terms, known=None))]
    fn judge(
        &self,
        py: Python<'_>,
        start: usize,
        end: usize,
        records: &[u8],
        terms: &PyTerms,
        known: Option<&PyKnown>,
    ) -> Result<PyJudged> {
        let known = known.map(|known| &known.0);
        let judged = py.detach(|| self.batch().judge(start, end, records, &terms.0, known))?;
        Ok(PyJudged::of(py, judged))
    }

    fn commit(&self, number: u64) {
        self.batch().commit(number);
    }

    fn answer<'py>(&self, py: Python<'py>) -> Result<(PyAnswer, Bound<'py, PyBytes>)> {
        let (answer, recipe) = py.detach(|| self.batch().answer())?;
        Ok((PyAnswer(answer), PyBytes::new(py, &recipe)))
    }
}

#[pyclass(frozen, name = "ScanRecipe", module = "hotpath_rs")]
struct PyRecipe(Recipe);

#[pymethods]
impl PyRecipe {
    #[new]
    fn new(py: Python<'_>, kept: &[u8]) -> Result<Self> {
        py.detach(|| Recipe::read(kept).map(Self))
    }

    #[getter]
    fn packs(&self) -> Vec<u64> {
        self.0.packs().to_vec()
    }

    fn answer(&self, py: Python<'_>, packs: Vec<PyRef<'_, PyPack>>) -> Result<PyAnswer> {
        let packs: Vec<&Pack> = packs.iter().map(|pack| &pack.0).collect();
        py.detach(|| self.0.answer(&packs)).map(PyAnswer)
    }
}

/// Megabytes that are never copied at once: whoever sends them takes a piece at a time.
#[pyclass(frozen, name = "ScanAnswer", module = "hotpath_rs")]
struct PyAnswer(Vec<u8>);

#[pymethods]
impl PyAnswer {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn piece<'py>(&self, py: Python<'py>, begin: usize, end: usize) -> Bound<'py, PyBytes> {
        let end = end.min(self.0.len());
        PyBytes::new(py, &self.0[begin.min(end)..end])
    }
}

/// Add the classes and the sizes of an upload.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyTerms>()?;
    module.add_class::<PyPack>()?;
    module.add_class::<PyJudged>()?;
    module.add_class::<PyBatch>()?;
    module.add_class::<PyKnown>()?;
    module.add_class::<PyRecipe>()?;
    module.add_class::<PyAnswer>()?;
    module.add("JSON_SCANS_MAX", JSON_SCANS_MAX)?;
    module.add("SCAN_LINES_MAX", LINES_MAX)
}
