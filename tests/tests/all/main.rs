//! The black-box tests, one binary.

mod access;
mod authentication;
mod contract;
mod frames;
mod objects;
mod purity;
mod tenants;
mod types;
