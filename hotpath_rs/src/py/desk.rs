//! `HoldDesk`: the usual hold request, read, packed and answered without Python objects in between.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::keys::PyKeyring;
use super::seatmap::PySeatMap;
use crate::desk::{Desk, Labels, Price, Terms, event_of};
use crate::error::{Result, bad_argument};

#[pyclass(frozen, name = "HoldLabels", module = "hotpath_rs")]
pub(super) struct PyHoldLabels(Arc<Labels>);

#[pymethods]
impl PyHoldLabels {
    #[new]
    fn new(py: Python<'_>, seat_map: &PySeatMap) -> Self {
        Self(Arc::new(py.detach(|| Labels::new(&seat_map.0))))
    }
}

#[pyclass(frozen, name = "HoldDesk", module = "hotpath_rs")]
struct PyHoldDesk {
    desk: Desk,
    labels: Arc<Labels>,
}

#[pymethods]
impl PyHoldDesk {
    #[new]
    fn new(keyring: &PyKeyring, labels: &PyHoldLabels, terms_json: &[u8]) -> Result<Self> {
        let terms: Terms = serde_json::from_slice(terms_json)
            .map_err(|error| bad_argument(format!("terms_json: {error}")))?;
        let keys = keyring.0.event(&terms.event_id)?;
        Ok(Self { desk: Desk::new(terms, keys), labels: Arc::clone(&labels.0) })
    }

    fn learn(&self, type_number: u8, quantity: u16, total_cents: u32, price_json: &str) {
        self.desk.learn(type_number, quantity, Price { total_cents, json: price_json.to_owned() });
    }

    fn set_policy(&self, type_number: u8, policy: u8) {
        self.desk.set_policy(type_number, policy);
    }

    #[pyo3(signature = (body, principal, key, admission = None, block = b"".as_slice()))]
    fn prepare<'py>(
        &self,
        py: Python<'py>,
        body: &[u8],
        principal: &str,
        key: &str,
        admission: Option<&str>,
        block: &[u8],
    ) -> Option<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
        let prepared =
            self.desk.prepare(body, principal.as_bytes(), key.as_bytes(), admission, block, now_ms())?;
        Some((PyBytes::new(py, &prepared.hold_id), PyBytes::new(py, &prepared.item)))
    }

    fn render<'py>(
        &self,
        py: Python<'py>,
        hold_id: &[u8],
        answer: &[u8],
    ) -> Option<(Bound<'py, PyBytes>, bool)> {
        let rendered = self.desk.render(&self.labels, hold_id.try_into().ok()?, answer)?;
        Some((PyBytes::new(py, &rendered.json), rendered.replayed))
    }
}

#[pyfunction]
fn hold_event(body: &[u8]) -> Option<&str> {
    event_of(body)
}

fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX))
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyHoldLabels>()?;
    module.add_class::<PyHoldDesk>()?;
    module.add_function(wrap_pyfunction!(hold_event, module)?)
}
