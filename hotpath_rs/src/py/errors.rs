//! One exception per family of refusals, each with its stable `code`.

use pyo3::create_exception;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::Error;

create_exception!(hotpath_rs, TokenError, PyValueError, "A token or ticket code was refused; see `code`.");
create_exception!(
    hotpath_rs,
    DrawError,
    PyValueError,
    "An audit bundle does not prove its draw; see `code`."
);

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        match error {
            Error::Token(fault) => with_code(TokenError::new_err((fault.code(),)), fault.code()),
            Error::Draw { code, message } => with_code(DrawError::new_err((code, message)), code),
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

/// Add the exceptions to the module.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("TokenError", py.get_type::<TokenError>())?;
    module.add("DrawError", py.get_type::<DrawError>())?;
    Ok(())
}
