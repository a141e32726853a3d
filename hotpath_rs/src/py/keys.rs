//! `Keyring`, `EventKeys`, `PlatformKeys`, and what their tokens say.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::error::{Error, Result, TokenFault, bad_argument};
use crate::keys::{EventKeys, Keyring, PlatformKeys};
use crate::ticket_code::{CODE_CHARS, CODES_MAX, TicketCode};
use crate::token::{self, Admission, HOLD_ID_BYTES, LEASE_ID_BYTES, QueueTicket};

#[pyclass(frozen, name = "Keyring", module = "hotpath_rs")]
pub(super) struct PyKeyring(pub(super) Keyring);

#[pymethods]
impl PyKeyring {
    #[new]
    fn new(keys: Vec<(u8, Vec<u8>)>) -> Result<Self> {
        let keys = zeroize::Zeroizing::new(keys);
        let borrowed: Vec<(u8, &[u8])> = keys.iter().map(|(id, key)| (*id, key.as_slice())).collect();
        Keyring::new(&borrowed).map(Self)
    }

    #[getter]
    fn signing_key_id(&self) -> u8 {
        self.0.signing_key_id()
    }

    fn event(&self, event_id: &str) -> Result<PyEventKeys> {
        self.0.event(event_id).map(PyEventKeys)
    }

    fn platform(&self) -> PyPlatformKeys {
        PyPlatformKeys(self.0.platform())
    }
}

#[pyclass(frozen, name = "EventKeys", module = "hotpath_rs")]
pub(super) struct PyEventKeys(pub(super) EventKeys);

#[pymethods]
impl PyEventKeys {
    #[getter]
    fn event_id(&self) -> &str {
        self.0.event_id()
    }

    #[pyo3(signature = (*, epoch, live, number, identity_digest, device_key_hash, issued_at_ms))]
    fn mint_queue_ticket(
        &self,
        epoch: u64,
        live: bool,
        number: u64,
        identity_digest: &[u8],
        device_key_hash: &[u8],
        issued_at_ms: u64,
    ) -> Result<String> {
        let (identity_digest, device_key_hash) = (identity_digest.to_vec(), device_key_hash.to_vec());
        let ticket = QueueTicket { epoch, live, number, identity_digest, device_key_hash, issued_at_ms };
        self.0.mint_queue_ticket(&ticket)
    }

    fn verify_queue_ticket(&self, token: &Bound<'_, PyString>) -> Result<PyQueueTicket> {
        Ok(PyQueueTicket(self.0.verify_queue_ticket(text_of(token))?))
    }

    #[pyo3(signature = (*, lease_id, device_key_hash, not_before_ms, expires_at_ms))]
    fn mint_admission(
        &self,
        lease_id: &[u8],
        device_key_hash: &[u8],
        not_before_ms: u64,
        expires_at_ms: u64,
    ) -> Result<String> {
        let lease_id = exactly::<LEASE_ID_BYTES>("lease_id", lease_id)?;
        let device_key_hash = device_key_hash.to_vec();
        self.0.mint_admission(&Admission { lease_id, device_key_hash, not_before_ms, expires_at_ms })
    }

    #[pyo3(signature = (token, now_ms, leeway_ms = 0))]
    fn verify_admission(
        &self,
        token: &Bound<'_, PyString>,
        now_ms: u64,
        leeway_ms: u64,
    ) -> Result<PyAdmission> {
        Ok(PyAdmission(self.0.verify_admission(text_of(token), now_ms, leeway_ms)?))
    }

    fn lease_id<'py>(&self, py: Python<'py>, epoch: u64, number: u64) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.lease_id(epoch, number))
    }

    fn identity_digest<'py>(&self, py: Python<'py>, identity: &[u8]) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.identity_digest(identity))
    }

    fn mint_hold_token(&self, hold_id: &[u8]) -> Result<String> {
        Ok(self.0.mint_hold_token(&exactly::<HOLD_ID_BYTES>("hold_id", hold_id)?))
    }

    fn verify_hold_token<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'_, PyString>,
    ) -> Result<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.0.verify_hold_token(text_of(token))?))
    }

    fn mint_ticket_code(
        &self,
        unit: u32,
        version: u16,
        not_before_s: u32,
        expires_at_s: u32,
    ) -> Result<String> {
        self.0.mint_ticket_code(&TicketCode { unit, version, not_before_s, expires_at_s })
    }

    #[pyo3(signature = (code, now_s, leeway_s = 30, check_times = true))]
    fn verify_ticket_code(
        &self,
        code: &Bound<'_, PyString>,
        now_s: u64,
        leeway_s: u64,
        check_times: bool,
    ) -> Result<PyTicketCode> {
        let ticket = self.0.read_ticket_code(text_of(code).as_bytes())?;
        if check_times {
            ticket.check_times(now_s, leeway_s)?;
        }
        Ok(PyTicketCode(ticket))
    }

    #[pyo3(signature = (codes, now_s, leeway_s = 30))]
    fn verify_ticket_codes<'py>(
        &self,
        py: Python<'py>,
        codes: &[u8],
        now_s: u64,
        leeway_s: u64,
    ) -> Result<Bound<'py, PyBytes>> {
        let verdicts = py.detach(|| self.0.verify_ticket_code_lines(codes, now_s, leeway_s))?;
        Ok(PyBytes::new(py, &verdicts))
    }

    #[pyo3(signature = (codes, now_s, leeway_s = 30))]
    fn verify_ticket_code_list<'py>(
        &self,
        codes: &Bound<'py, PyList>,
        now_s: u64,
        leeway_s: u64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let py = codes.py();
        let texts = codes.iter().map(|code| Ok(code.cast_into::<PyString>()?.try_into().ok()));
        let texts: Vec<Option<PyBackedStr>> = texts.collect::<PyResult<_>>()?;
        let texts = texts.iter().map(|text| text.as_deref().unwrap_or_default().as_bytes());
        let verdicts = py.detach(|| self.0.verify_ticket_codes(texts, now_s, leeway_s))?;
        Ok(PyBytes::new(py, &verdicts))
    }
}

#[pyclass(frozen, name = "PlatformKeys", module = "hotpath_rs")]
struct PyPlatformKeys(PlatformKeys);

#[pymethods]
impl PyPlatformKeys {
    fn mint_order_token(&self, order_id: &str) -> Result<String> {
        self.0.mint_order_token(order_id)
    }

    fn verify_order_token(&self, token: &Bound<'_, PyString>) -> Result<String> {
        Ok(self.0.verify_order_token(text_of(token))?)
    }

    fn mint_signed(&self, purpose: &str, payload: &[u8], expires_at_ms: u64) -> Result<String> {
        self.0.mint_signed(purpose, payload, expires_at_ms)
    }

    fn verify_signed<'py>(
        &self,
        py: Python<'py>,
        purpose: &str,
        token: &Bound<'_, PyString>,
        now_ms: u64,
    ) -> Result<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.0.verify_signed(purpose, text_of(token), now_ms)?))
    }
}

#[pyclass(frozen, eq, name = "QueueTicket", module = "hotpath_rs")]
#[derive(PartialEq)]
struct PyQueueTicket(QueueTicket);

#[pymethods]
impl PyQueueTicket {
    #[getter]
    fn epoch(&self) -> u64 {
        self.0.epoch
    }
    #[getter]
    fn live(&self) -> bool {
        self.0.live
    }
    #[getter]
    fn number(&self) -> u64 {
        self.0.number
    }
    #[getter]
    fn identity_digest(&self) -> &[u8] {
        &self.0.identity_digest
    }
    #[getter]
    fn device_key_hash(&self) -> &[u8] {
        &self.0.device_key_hash
    }
    #[getter]
    fn issued_at_ms(&self) -> u64 {
        self.0.issued_at_ms
    }
    fn __repr__(&self) -> String {
        let QueueTicket { epoch, live, number, issued_at_ms, .. } = &self.0;
        format!(
            "QueueTicket(epoch={epoch}, live={}, number={number}, issued_at_ms={issued_at_ms})",
            word(*live)
        )
    }
}

#[pyclass(frozen, eq, name = "Admission", module = "hotpath_rs")]
#[derive(PartialEq)]
struct PyAdmission(Admission);

#[pymethods]
impl PyAdmission {
    #[getter]
    fn lease_id(&self) -> &[u8] {
        &self.0.lease_id
    }
    #[getter]
    fn device_key_hash(&self) -> &[u8] {
        &self.0.device_key_hash
    }
    #[getter]
    fn not_before_ms(&self) -> u64 {
        self.0.not_before_ms
    }
    #[getter]
    fn expires_at_ms(&self) -> u64 {
        self.0.expires_at_ms
    }
    fn __repr__(&self) -> String {
        let Admission { not_before_ms, expires_at_ms, .. } = &self.0;
        format!("Admission(not_before_ms={not_before_ms}, expires_at_ms={expires_at_ms})")
    }
}

#[pyclass(frozen, eq, name = "TicketCode", module = "hotpath_rs")]
#[derive(PartialEq)]
struct PyTicketCode(TicketCode);

#[pymethods]
impl PyTicketCode {
    #[getter]
    fn unit(&self) -> u32 {
        self.0.unit
    }
    #[getter]
    fn version(&self) -> u16 {
        self.0.version
    }
    #[getter]
    fn not_before_s(&self) -> u32 {
        self.0.not_before_s
    }
    #[getter]
    fn expires_at_s(&self) -> u32 {
        self.0.expires_at_s
    }
    fn __repr__(&self) -> String {
        let TicketCode { unit, version, not_before_s, expires_at_s } = self.0;
        format!(
            "TicketCode(unit={unit}, version={version}, not_before_s={not_before_s}, expires_at_s={expires_at_s})"
        )
    }
}

#[pyfunction]
fn peek_event(token: &Bound<'_, PyString>) -> Result<String> {
    Ok(token::peek_event(text_of(token))?)
}

/// The characters of a token. A string that is no Unicode text (a header's stray bytes arrive as lone surrogates) reads
/// as empty, which is malformed like any other nonsense instead of an encoding error.
fn text_of<'a>(token: &'a Bound<'_, PyString>) -> &'a str {
    token.to_str().unwrap_or_default()
}

fn exactly<const N: usize>(name: &str, bytes: &[u8]) -> Result<[u8; N]> {
    bytes.try_into().map_err(|_| bad_argument(format!("{name} must have {N} bytes, not {}", bytes.len())))
}

fn word(truth: bool) -> &'static str {
    if truth { "True" } else { "False" }
}

impl From<TokenFault> for PyErr {
    fn from(fault: TokenFault) -> Self {
        Error::Token(fault).into()
    }
}

/// Add the classes, [`peek_event`] and the sizes Python code may rely on.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyKeyring>()?;
    module.add_class::<PyEventKeys>()?;
    module.add_class::<PyPlatformKeys>()?;
    module.add_class::<PyQueueTicket>()?;
    module.add_class::<PyAdmission>()?;
    module.add_class::<PyTicketCode>()?;
    module.add_function(wrap_pyfunction!(peek_event, module)?)?;
    module.add("TICKET_CODE_CHARS", CODE_CHARS)?;
    module.add("TICKET_CODES_MAX", CODES_MAX)
}
