//! The edge against a small core.
