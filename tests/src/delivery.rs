//! The proof of the promise of `docs/realtime.md`: a workload that writes down what it does and what it gets, a
//! server that is killed meanwhile, and a judge who compares that history with the database.

pub mod chaos;
mod client;
mod deaf;
pub mod history;
pub mod judge;
pub mod planted;
pub mod power;
mod rogue;
pub mod rows;
mod view;
mod wire;
mod workload;
mod world;
