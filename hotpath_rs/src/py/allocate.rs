//! `Ask`, `Party`, `Plan`.

use pyo3::prelude::*;

use crate::allocate::{Ask, Party, Plan, Policy};
use crate::error::{Result, bad_argument};

#[pyclass(frozen, eq, name = "Party", module = "hotpath_rs")]
#[derive(PartialEq)]
pub(super) struct PyParty(Party);

#[pymethods]
impl PyParty {
    #[new]
    #[pyo3(signature = (quantity, categories, section = None, accessible = 0))]
    fn new(quantity: i64, categories: Vec<i64>, section: Option<i64>, accessible: i64) -> Result<Self> {
        Ok(Self(Party {
            quantity: one("quantity", quantity)?,
            categories: small::<u8>("categories", categories)?.into_iter().collect(),
            section: section.map(|section| one("section", section)).transpose()?,
            accessible: one("accessible", accessible)?,
        }))
    }

    #[getter]
    fn quantity(&self) -> u32 {
        self.0.quantity
    }

    #[getter]
    fn categories(&self) -> Vec<u32> {
        (0..=u8::MAX).filter(|index| self.0.categories.contains(*index)).map(u32::from).collect()
    }

    #[getter]
    fn section(&self) -> Option<u32> {
        self.0.section
    }

    #[getter]
    fn accessible(&self) -> u32 {
        self.0.accessible
    }
}

#[pyclass(frozen, eq, name = "Ask", module = "hotpath_rs")]
#[derive(PartialEq)]
pub(super) struct PyAsk(pub(super) Ask);

#[pymethods]
impl PyAsk {
    #[new]
    #[pyo3(signature = (parties, policy, split = true, open_allotments = Vec::new(), beside = Vec::new()))]
    fn new(
        parties: Vec<Py<PyParty>>,
        policy: &str,
        split: bool,
        open_allotments: Vec<i64>,
        beside: Vec<i64>,
    ) -> Result<Self> {
        Ok(Self(Ask {
            parties: parties.iter().map(|party| party.get().0).collect(),
            policy: self::policy(policy)?,
            split,
            open_allotments: small("open_allotments", open_allotments)?,
            beside: small("beside", beside)?,
        }))
    }

    #[getter]
    fn parties(&self) -> Vec<PyParty> {
        self.0.parties.iter().copied().map(PyParty).collect()
    }

    #[getter]
    fn policy(&self) -> &'static str {
        self.0.policy.word()
    }

    #[getter]
    fn split(&self) -> bool {
        self.0.split
    }

    #[getter]
    fn open_allotments(&self) -> Vec<u32> {
        self.0.open_allotments.iter().copied().map(u32::from).collect()
    }

    #[getter]
    fn beside(&self) -> Vec<u32> {
        self.0.beside.clone()
    }
}

#[pyclass(frozen, eq, name = "Plan", module = "hotpath_rs")]
#[derive(PartialEq)]
pub(super) struct PyPlan(pub(super) Plan);

#[pymethods]
impl PyPlan {
    #[getter]
    fn units(&self) -> Vec<u32> {
        self.0.units.clone()
    }

    #[getter]
    fn adjacent(&self) -> bool {
        self.0.adjacent
    }

    #[getter]
    fn rows_used(&self) -> u32 {
        self.0.rows_used
    }

    #[getter]
    fn step(&self) -> u8 {
        self.0.step
    }

    #[getter]
    fn orphans_created(&self) -> u32 {
        self.0.orphans_created
    }

    fn __repr__(&self) -> String {
        let Plan { units, adjacent, rows_used, step, orphans_created } = &self.0;
        let adjacent = if *adjacent { "True" } else { "False" };
        format!(
            "Plan(units={units:?}, adjacent={adjacent}, rows_used={rows_used}, step={step}, \
             orphans_created={orphans_created})"
        )
    }
}

/// The orphan rule by its word.
pub(super) fn policy(word: &str) -> Result<Policy> {
    Policy::from_word(word)
        .ok_or_else(|| bad_argument(format!("policy is strict, lenient, off or auto, not {word:?}")))
}

/// Whole numbers of a narrower type; what does not fit is out of the documented range.
pub(super) fn small<T: TryFrom<i64>>(name: &str, numbers: Vec<i64>) -> Result<Vec<T>> {
    numbers.into_iter().map(|number| one(name, number)).collect()
}

fn one<T: TryFrom<i64>>(name: &str, number: i64) -> Result<T> {
    T::try_from(number).map_err(|_| bad_argument(format!("{name}: {number} is out of range")))
}

/// Add the classes to the module.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyParty>()?;
    module.add_class::<PyAsk>()?;
    module.add_class::<PyPlan>()
}
