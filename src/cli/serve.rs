//! `ks-pay serve`: runs the server until it is told to stop.

use super::{Failure, Io};
use crate::{
    config::Config,
    kernel::time::Clock,
    server::{Server, Signals},
    startup,
};

/// Serves; the address, the data directory and, while there is no user, the link to `/setup` go to stdout.
pub(super) async fn run(config: Config, io: &mut Io<'_>) -> Result<(), Failure> {
    let data_dir = config.data_dir.clone();
    let mut signals = Signals::receive()?;
    let server = tokio::select! {
        started = Server::start(config, Clock::system()) => started?,
        // A start may have to wait for another's, which nobody knows the end of.
        () = signals.next() => return Ok(()),
    };
    io.say(format_args!("listening on http://{}", server.address()))?;
    io.say(format_args!("data directory {}", startup::in_full(&data_dir).display()))?;
    if let Some(link) = server.setup_link() {
        io.say(format_args!("set up here, once, within 24 h: {link}"))?;
    }
    io.out.flush()?;
    Ok(server.run(signals).await?)
}
