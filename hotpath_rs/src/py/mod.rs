//! The Python binding: one `register` per noun, no rules.

use pyo3::prelude::*;

mod allocate;
mod desk;
mod draw;
mod errors;
mod gates;
mod keys;
mod press;
mod seatmap;

/// The extension module `hotpath_rs`.
#[pymodule]
fn hotpath_rs(module: &Bound<'_, PyModule>) -> PyResult<()> {
    errors::register(module)?;
    keys::register(module)?;
    draw::register(module)?;
    seatmap::register(module)?;
    allocate::register(module)?;
    desk::register(module)?;
    press::register(module)?;
    gates::register(module)?;
    Ok(())
}
