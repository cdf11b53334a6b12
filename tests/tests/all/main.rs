//! The black-box tests, one binary.

mod access;
mod assignment;
mod authentication;
mod code;
mod contract;
mod faults;
mod frames;
mod link;
mod login;
mod marks;
mod message;
mod notification;
mod objects;
mod operation_log;
mod poll;
mod purity;
mod queue;
mod quick_reply;
mod session;
mod settings;
mod stage;
mod tenant;
mod tenants;
mod transfer;
mod types;
mod user;
