//! `ks-pay serve`: runs the server until a shutdown signal.

use super::{Failure, Io};
use crate::{
    primitives::time::Clock,
    server::{Server, Signals, bootstrap, config::Config},
    telemetry::{self, LogFormat},
};

/// Runs the server. Prints the address, the data directory and, until the first user exists, the setup link, in the log format.
pub(super) async fn run(config: Config, format: LogFormat, io: &mut Io<'_>) -> Result<(), Failure> {
    let data_dir = config.data_dir.clone();
    let mut signals = Signals::receive()?;
    let server = tokio::select! {
        started = Server::start(config, Clock::system()) => started?,
        // Startup may have to wait for another server's startup, for an unknown time.
        () = signals.next() => return Ok(()),
    };
    let line = |text: &str| telemetry::line(format, "INFO", text);
    io.say(line(&format!("listening on http://{}", server.address())))?;
    io.say(line(&format!("data directory {}", bootstrap::absolute_path(&data_dir).display())))?;
    if let Some(link) = server.setup_link() {
        io.say(line(&format!("set up here (single use, expires in 24 h): {link}")))?;
    }
    io.out.flush()?;
    Ok(server.run(signals).await?)
}
