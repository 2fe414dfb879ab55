//! Initialisers.
