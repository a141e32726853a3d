//! The Python binding: one `register` per noun, no rules.

use pyo3::prelude::*;

mod draw;
mod errors;
mod keys;

/// The extension module `hotpath_rs`.
#[pymodule]
fn hotpath_rs(module: &Bound<'_, PyModule>) -> PyResult<()> {
    errors::register(module)?;
    keys::register(module)?;
    draw::register(module)?;
    Ok(())
}
