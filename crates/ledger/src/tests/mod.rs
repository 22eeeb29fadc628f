//! Tests of the rules (over rows in memory) and of the SQLite engine (over real files).

mod conduct;
mod durability;
mod letters;
mod marks;
mod memory;
mod model;
mod recovery;
mod reports;
mod speed;
pub(crate) mod support;
mod table;
mod zombies;
