//! One exception per family of refusals, each with its stable `code`.

use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;

use crate::allocate::Refused;
use crate::error::Error;
use crate::seatmap::ChartFaults;

create_exception!(hotpath_rs, TokenError, PyValueError, "A token or ticket code was refused; see `code`.");
create_exception!(
    hotpath_rs,
    DrawError,
    PyValueError,
    "An audit bundle does not prove its draw; see `code`."
);
create_exception!(hotpath_rs, ChartError, PyValueError, "A seating chart is not in order; see `errors`.");
create_exception!(hotpath_rs, AllocationRefused, PyException, "No seats for an ask; see `code` and `free`.");

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        match error {
            Error::Token(fault) => with_code(TokenError::new_err((fault.code(),)), fault.code()),
            Error::Draw { code, message } => with_code(DrawError::new_err((code, message)), code),
            Error::Chart(faults) => chart_error(faults),
            Error::Allocation(refused) => allocation_refused(refused),
            Error::Argument(message) => PyValueError::new_err(message),
        }
    }
}

/// Set the `code` attribute; an exception that refuses it still carries the code as its first argument.
fn with_code(error: PyErr, code: &'static str) -> PyErr {
    Python::attach(|py| {
        let _ = error.value(py).setattr("code", code);
    });
    error
}

/// Every fault as `(pointer, code, message)`, in `errors` and as the one argument.
fn chart_error(faults: ChartFaults) -> PyErr {
    let errors: Vec<_> =
        faults.0.into_iter().map(|fault| (fault.pointer, fault.code, fault.message)).collect();
    Python::attach(|py| {
        let error = ChartError::new_err((errors,));
        if let Ok(first) = error.value(py).getattr("args").and_then(|args| args.get_item(0)) {
            let _ = error.value(py).setattr("errors", first);
        }
        error
    })
}

/// `args == (code, free)`.
fn allocation_refused(refused: Refused) -> PyErr {
    let error =
        with_code(AllocationRefused::new_err((refused.code.word(), refused.free)), refused.code.word());
    Python::attach(|py| {
        let _ = error.value(py).setattr("free", refused.free);
    });
    error
}

/// Add the exceptions to the module.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("TokenError", py.get_type::<TokenError>())?;
    module.add("DrawError", py.get_type::<DrawError>())?;
    module.add("ChartError", py.get_type::<ChartError>())?;
    module.add("AllocationRefused", py.get_type::<AllocationRefused>())?;
    Ok(())
}
