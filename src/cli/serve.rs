//! `ks-pay serve`: runs the server until it is told to stop.

use super::{Failure, Io};
use crate::{
    config::{Config, LogFormat},
    primitives::time::Clock,
    server::{Server, Signals},
    startup, telemetry,
};

/// Serves; the address, the data directory and, while there is no user, the link to `/setup` go to stdout, in the log's format.
pub(super) async fn run(config: Config, format: LogFormat, io: &mut Io<'_>) -> Result<(), Failure> {
    let data_dir = config.data_dir.clone();
    let mut signals = Signals::receive()?;
    let server = tokio::select! {
        started = Server::start(config, Clock::system()) => started?,
        // A start may have to wait for another's, which nobody knows the end of.
        () = signals.next() => return Ok(()),
    };
    let line = |text: &str| telemetry::line(format, "INFO", text);
    io.say(line(&format!("listening on http://{}", server.address())))?;
    io.say(line(&format!("data directory {}", startup::in_full(&data_dir).display())))?;
    if let Some(link) = server.setup_link() {
        io.say(line(&format!("set up here, once, within 24 h: {link}")))?;
    }
    io.out.flush()?;
    Ok(server.run(signals).await?)
}
