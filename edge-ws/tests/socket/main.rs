//! The protocol as a client sees it: real sockets, and a core of a few lines.

#[cfg(test)]
mod access;
#[cfg(test)]
mod client;
#[cfg(test)]
mod core;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod drain;
#[cfg(test)]
mod handshake;
#[cfg(test)]
mod resume;
#[cfg(test)]
mod sending;
#[cfg(test)]
mod slow;
