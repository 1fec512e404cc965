//! The features that the tests of this workspace enable in dependencies of the functions.
//!
//! `make watch` compiles the whole workspace without its tests. With this package among its members, cargo selects the same features
//! for it as for `cargo test`, and compiles nothing twice. `sam build` compiles one package at a time, so the functions in AWS have
//! none of these features.
