//! `SeatMap`, `Section`, and the planner as its methods.

use std::sync::Arc;

use pyo3::exceptions::{PyIndexError, PyKeyError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use super::allocate::{PyAsk, PyPlan, policy, small};
use crate::allocate;
use crate::error::{Result, bad_argument};
use crate::seatmap::{SEATS_MAX, SeatMap, Section};
use crate::tape::TapeKey;

/// Maps at least this long are worth letting other threads run meanwhile.
const DETACH_UNITS_MIN: u32 = 16_384;

#[pyclass(frozen, name = "SeatMap", module = "hotpath_rs")]
pub(super) struct PySeatMap(pub(super) Arc<SeatMap>);

#[pymethods]
impl PySeatMap {
    #[staticmethod]
    fn parse(py: Python<'_>, chart_json: &[u8]) -> Result<Self> {
        let map = py.detach(|| SeatMap::parse(chart_json))?;
        Ok(Self(Arc::new(map)))
    }

    #[getter]
    fn units(&self) -> u32 {
        self.0.units()
    }

    #[getter]
    fn etag(&self) -> &str {
        self.0.etag()
    }

    #[getter]
    fn categories(&self) -> Vec<&str> {
        self.0.categories().iter().map(AsRef::as_ref).collect()
    }

    #[getter]
    fn sections(&self) -> Vec<PySection> {
        self.0.sections().iter().cloned().map(PySection).collect()
    }

    fn seat(&self, unit: u32) -> PyResult<Option<String>> {
        self.known(unit)?;
        Ok(self.0.seat(unit))
    }

    fn section_index(&self, unit: u32) -> PyResult<u32> {
        self.0.section_index(unit).ok_or_else(no_such_unit)
    }

    fn category_index(&self, unit: u32) -> PyResult<u8> {
        self.0.category_index(unit).ok_or_else(no_such_unit)
    }

    fn unit(&self, seat: &str) -> PyResult<u32> {
        self.0.unit(seat).ok_or_else(|| PyKeyError::new_err(seat.to_owned()))
    }

    fn seats_bulk<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, (0..self.0.units()).map(|unit| self.0.seat(unit)).collect::<Vec<_>>())
    }

    fn base_map<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.base_map())
    }

    fn category_map<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.category_map())
    }

    fn section_map<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let packed: Vec<u8> = self.0.section_map().flat_map(u16::to_le_bytes).collect();
        PyBytes::new(py, &packed)
    }

    fn geometry_json<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let document = py.detach(|| self.0.geometry_json());
        PyBytes::new(py, &document)
    }

    fn tape<'py>(
        &self,
        py: Python<'py>,
        categories: Vec<i64>,
        section: Option<u32>,
        quantity: usize,
    ) -> Result<Bound<'py, PyBytes>> {
        let quantity = u32::try_from(quantity)
            .ok()
            .filter(|quantity| (1..=SEATS_MAX).contains(&(*quantity as usize)))
            .ok_or_else(|| bad_argument(format!("quantity must be 1 to {SEATS_MAX}")))?;
        if section.is_some_and(|index| index as usize >= self.0.sections().len()) {
            return Err(bad_argument("section: no such section"));
        }
        let categories = small::<u8>("categories", categories)?.into_iter().collect();
        let packed = py.detach(|| self.0.tape(TapeKey { quantity, categories, section }).packed());
        Ok(PyBytes::new(py, &packed))
    }

    fn plan(&self, py: Python<'_>, map: &[u8], ask: &Bound<'_, PyAsk>) -> PyResult<PyPlan> {
        let ask = &ask.get().0;
        let planned = self.aside(py, || allocate::plan(&self.0, map, ask))?;
        Ok(PyPlan(planned.map_err(crate::error::Error::from)?))
    }

    fn plan_many<'py>(
        &self,
        py: Python<'py>,
        map: &[u8],
        asks: Vec<Py<PyAsk>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let borrowed: Vec<&allocate::Ask> = asks.iter().map(|ask| &ask.get().0).collect();
        let answers = self.aside(py, || allocate::plan_many(&self.0, map, &borrowed))?;
        let list = PyList::empty(py);
        for answer in answers {
            match answer {
                Ok(plan) => list.append(PyPlan(plan))?,
                Err(refused) => {
                    list.append(PyErr::from(crate::error::Error::from(refused)).into_value(py))?;
                }
            }
        }
        Ok(list)
    }

    fn check_named(
        &self,
        map: &[u8],
        units: Vec<i64>,
        open_allotments: Vec<i64>,
        policy: &str,
    ) -> Result<Option<Vec<u32>>> {
        let units = small::<u32>("units", units)?;
        let open = small::<u8>("open_allotments", open_allotments)?;
        allocate::check_named(&self.0, map, &units, &open, self::policy(policy)?)
    }

    fn orphans(&self, before: &[u8], units: Vec<i64>, open_allotments: Vec<i64>) -> Result<u32> {
        let units = small::<u32>("units", units)?;
        allocate::orphans(&self.0, before, &units, &small::<u8>("open_allotments", open_allotments)?)
    }

    fn __len__(&self) -> usize {
        self.0.units() as usize
    }
}

impl PySeatMap {
    fn known(&self, unit: u32) -> PyResult<()> {
        if unit < self.0.units() { Ok(()) } else { Err(no_such_unit()) }
    }

    /// Run `work` with the interpreter lock released where that costs less than it gives.
    fn aside<T: Send>(&self, py: Python<'_>, work: impl FnOnce() -> T + Send) -> T {
        if self.0.units() >= DETACH_UNITS_MIN { py.detach(work) } else { work() }
    }
}

fn no_such_unit() -> PyErr {
    PyIndexError::new_err("no such unit")
}

#[pyclass(frozen, name = "Section", module = "hotpath_rs")]
struct PySection(Section);

#[pymethods]
impl PySection {
    #[getter]
    fn index(&self) -> u32 {
        self.0.index
    }

    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    #[getter]
    fn kind(&self) -> &'static str {
        self.0.kind.word()
    }

    #[getter]
    fn category(&self) -> &str {
        &self.0.category
    }

    #[getter]
    fn first_unit(&self) -> u32 {
        self.0.first_unit
    }

    #[getter]
    fn units(&self) -> u32 {
        self.0.units
    }

    fn __repr__(&self) -> String {
        let Section { index, name, first_unit, units, .. } = &self.0;
        format!("Section(index={index}, name={name:?}, first_unit={first_unit}, units={units})")
    }
}

/// Add the classes to the module.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PySeatMap>()?;
    module.add_class::<PySection>()
}
