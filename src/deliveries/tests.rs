//! Destinations and deliveries on a database.
