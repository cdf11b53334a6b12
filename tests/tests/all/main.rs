//! The black-box tests, one binary.

mod access;
mod assignment;
mod authentication;
mod code;
mod contract;
mod frames;
mod login;
mod marks;
mod message;
mod objects;
mod purity;
mod queue;
mod settings;
mod stage;
mod tenants;
mod transfer;
mod types;
mod user;
