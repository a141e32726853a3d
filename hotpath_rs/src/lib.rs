//! The hot path of onsale: what every request does, in Rust.
//!
//! The modules here know no Python and do no I/O (the press alone reads its font files); `cargo test` exercises
//! them alone. `py` (feature `python`)
//! is the binding, which knows no rules: it converts, calls and maps the one [`error::Error`] onto exceptions.

pub mod allocate;
pub mod base64_lines;
pub mod desk;
pub mod draw;
pub mod encoding;
mod envelope;
pub mod error;
pub mod gates;
pub mod keys;
pub mod mac;
pub mod press;
pub mod qr;
pub mod seating;
pub mod seatmap;
pub mod sha256;
pub mod tape;
pub mod ticket_code;
pub mod token;

#[cfg(feature = "python")]
mod py;
