//! One error for a tool that stops at the first: a message that says what went wrong.

/// Result of everything here that can fail.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
