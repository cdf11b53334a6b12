//! The black-box tests, one binary.

mod contract;
