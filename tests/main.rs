//! The stories that hold the whole together: the arrows between the rooms, and the real program against real neighbours.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod architecture;
